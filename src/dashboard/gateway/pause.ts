/** A wait that somebody who does not want to wait can end. */
export class Pause {
  #end: (() => void) | null = null;

  /** @param duration milliseconds */
  async wait(duration: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, duration);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = null;
  }

  end(): void {
    this.#end?.();
  }
}
