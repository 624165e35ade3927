/** Which faults a fake's calls meet. Calls without one succeed. */
export class Faults<Call extends string, Fault extends string> {
  readonly #next: { readonly call: Call; readonly fault: Fault | null }[] = [];
  readonly #standing = new Map<Call, Fault>();
  /** Asked for every call that nothing else is planned for: a model test draws faults here. */
  chooser: ((call: Call) => Fault | null) | null = null;

  /** The next `times` calls of this kind meet the fault; null: they succeed. Plans add up, in order. */
  next(call: Call, fault: Fault | null, times = 1): void {
    for (let i = 0; i < times; i += 1) this.#next.push({ call, fault });
  }

  /** Every call of this kind meets the fault, until `clear`. */
  always(call: Call, fault: Fault): void {
    this.#standing.set(call, fault);
  }

  clear(): void {
    this.#next.length = 0;
    this.#standing.clear();
    this.chooser = null;
  }

  /** For the fake: what this call meets. */
  take(call: Call): Fault | null {
    const index = this.#next.findIndex((planned) => planned.call === call);
    if (index >= 0) return this.#next.splice(index, 1)[0]?.fault ?? null;
    return this.#standing.get(call) ?? this.chooser?.(call) ?? null;
  }
}
