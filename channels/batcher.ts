/** Gathers what comes in within a short time into one batch, and gives each caller its own part of the result. */
export class Batcher<Item, Result> {
  private waiting: { item: Item; resolve: (result: Result) => void }[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `run` must not reject: what went wrong is a result of each item. */
  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly limits: { readonly windowMs: number; readonly itemsMax: number },
  ) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve) => {
      this.waiting.push({ item, resolve });
      if (this.waiting.length >= this.limits.itemsMax) this.flush();
      else
        this.timer ??= setTimeout(() => {
          this.flush();
        }, this.limits.windowMs);
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.waiting;
    this.waiting = [];
    void this.run(batch.map(({ item }) => item)).then((results) => {
      for (const [index, { resolve }] of batch.entries()) {
        const result = results[index];
        if (result !== undefined) resolve(result);
      }
    });
  }
}
