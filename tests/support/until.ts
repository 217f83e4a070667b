/** Only what never comes takes so long: a machine may do other things. */
const SECONDS = 600;

/** Waits until a condition holds. @throws Error naming what was waited for, when it does not come. */
export async function until<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T> {
  const end = Date.now() + SECONDS * 1_000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${SECONDS} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
