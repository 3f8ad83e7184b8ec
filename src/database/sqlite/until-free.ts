import { isFailure } from '../failure.js'

/** Tries again while another process holds the file for a commit; Django's own time-out is five seconds, ours ten. */
/** @param patience milliseconds */
export async function untilFree<T>(attempt: () => Promise<T>, patience = 10_000): Promise<T> {
  for (const deadline = Date.now() + patience; ; ) {
    try {
      return await attempt()
    } catch (error) {
      if (!isFailure(error, 'busy') || Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60))
    }
  }
}
