/** How many runs try the other way, and how many pass before: more each time that it was found not to be better. */
const trial = 2;
const [soon, seldom] = [16, 256];

/** What help must save, as a part of the time, to be asked for: the processors may be of use to others. */
const least = 0.1;

/**
 * Whether a program is run with the help of other threads, by the time that it takes with it and without. The other way is tried now and then:
 * a system takes processors away, and gives them back, without a word. The first runs have help.
 */
export class Help {
  #pays = false;
  /** Times alone and with help, the mean of recent runs or the better of a trial, and the better of a trial so far. */
  readonly #times: [number, number] = [Infinity, Infinity];
  #tried = Infinity;
  /** Runs until the next trial; not above 0 while there is one. */
  #until = 0;
  #pause = soon;

  /** Is the next run to have it? */
  get wanted(): boolean {
    return this.#pays === this.#until > 0;
  }

  /** Learns how long that run took, in any unit. */
  took(time: number): void {
    const [usual, other] = this.#pays ? ([1, 0] as const) : ([0, 1] as const);
    const times = this.#times;
    if (this.#until-- > 0) {
      times[usual] += (time - times[usual]) / 8;
      // The helpers have been given other work.
      if (this.#pays && times[1] > times[0]) this.#until = 0;
      return;
    }
    this.#tried = Math.min(this.#tried, time);
    if (this.#until > -trial) return;
    times[other] = this.#tried;
    this.#tried = Infinity;
    const pays = times[1] < (1 - least) * times[0];
    this.#pause = pays === this.#pays ? Math.min(2 * this.#pause, seldom) : soon;
    this.#pays = pays;
    this.#until = this.#pause;
  }
}
