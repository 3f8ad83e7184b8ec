import { isFailure } from '../failure.js'

/** Tries again while another process holds the file for a commit; Django's own time-out is five seconds, ours ten. */
export async function untilFree<T>(attempt: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 10_000; ; ) {
    try {
      return await attempt()
    } catch (error) {
      if (!isFailure(error, 'busy') || Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60))
    }
  }
}
