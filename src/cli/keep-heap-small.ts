import { setFlagsFromString } from 'node:v8'

/**
 * V8 lets the heap grow to about four times of what lives in it before it looks at its old part again, and of thousands of parsed files nearly
 * nothing lives. With twice, reading 20,000 files takes 181 MB instead of 207, and no longer (Node 20).
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=100')
}
