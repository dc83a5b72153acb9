import { invariant } from "@dzdt/tensor";
import type { Value, Variable } from "@dzdt/tensor/lower";
import { WgslEmitter } from "./emit";
import { term, typeOf } from "./types";

/** How the loop of one of many lanes is spread over several dispatches. */
export interface Chain {
  /** Iterations of one dispatch. */
  readonly budget: number;
  /** Where a lane's words are: whether it goes on, then its variables. */
  readonly base: number;
  /** Words of one lane; known when the code is, 0 until then. */
  words: number;
  /** Has a function taken the loop? */
  taken: boolean;
}

/** WGSL for whether this dispatch goes on with what others have begun. */
export const goesOn = "run.again != 0u";

/** The number of the first word of this lane. */
const firstWord = ({ base, words }: Chain): string => `u32(${base / 4}i + lane_number * ${words}i)`;

/** A lane that has nothing left to do. */
export const hasEnded = (chain: Chain): string => `memory[${firstWord(chain)}] == 0u`;

/** The same of one that has begun in another dispatch. */
export const isDone = (chain: Chain): string => `${goesOn} && ${hasEnded(chain)}`;

/**
 * Emits the function of a lane: its loop stops after so many iterations and leaves its variables in memory, where the next dispatch finds them. What
 * comes before the loop is computed again, what comes after it when it has ended.
 */
export class ChainEmitter extends WgslEmitter {
  private readonly chain: Chain;
  private depth = 0;
  private chained = false;
  private readonly variables: { readonly name: string; readonly dtype: Value["dtype"]; changes: boolean }[] = [];

  constructor(callees: WgslEmitter["callees"], chain: Chain) {
    super(callees);
    this.chain = chain;
    chain.taken = true;
  }

  /** The loop over the lanes of a function is around the loop of a lane. */
  private get atLane(): boolean {
    return this.depth === 1 && !this.chained;
  }

  override variable(initial: Value): Variable {
    if (!this.atLane) return super.variable(initial);
    const { dtype } = initial;
    const name = this.code.name("x");
    const held = { name, dtype, changes: false };
    this.variables.push(held);
    this.code.line(`var ${name} = ${term(initial).text};`);
    return {
      get: () => this.code.fresh(dtype, name),
      set: (value) => {
        invariant(value.dtype === dtype, `a ${dtype} variable set to a ${value.dtype}`);
        held.changes = true;
        this.code.line(`${name} = ${term(value).text};`);
      },
    };
  }

  /** What was written before the loop is still there, or changed by the loop. */
  private once(write: () => void): void {
    if (this.atLane) this.code.block(`if (!(${goesOn})) {`, write);
    else write();
  }

  override store(...args: Parameters<WgslEmitter["store"]>): void {
    this.once(() => super.store(...args));
  }

  override copy(to: Value, from: Value, bytes: Value): void {
    this.once(() => super.copy(to, from, bytes));
  }

  override fill(to: Value, byte: number, bytes: Value): void {
    this.once(() => super.fill(to, byte, bytes));
  }

  override while(condition: () => Value, body: () => void): void {
    if (this.atLane) return this.spread(condition, body);
    this.depth++;
    super.while(condition, body);
    this.depth--;
  }

  private spread(condition: () => Value, body: () => void): void {
    this.chained = true;
    const [budget, first] = [this.code.name("budget"), this.code.name("first")];
    const restore = this.code.later();
    this.code.line(`var ${budget} = ${this.chain.budget}i;`);
    this.code.block("loop {", () => {
      this.code.line(`if (stopped || !${term(condition()).text}) { break; }`);
      this.code.line(`if (${budget} == 0i) { ${budget} = -1i; break; }`);
      this.code.line(`${budget}--;`);
      body();
    });
    const changing = this.variables.filter(({ changes }) => changes);
    let held = 1;
    const words = changing.map(({ name, dtype }) => {
      const word = `memory[${first} + ${held}u]`;
      held += 1;
      if (dtype === "float64") {
        const low = `memory[${first} + ${held}u]`;
        held += 1;
        return {
          save: `${word} = bitcast<u32>(${name}.x); ${low} = bitcast<u32>(${name}.y);`,
          restore: `${name} = vec2f(bitcast<f32>(${word}), bitcast<f32>(${low}));`,
        };
      }
      return dtype === "bool"
        ? { save: `${word} = select(0u, 1u, ${name});`, restore: `${name} = ${word} != 0u;` }
        : { save: `${word} = bitcast<u32>(${name});`, restore: `${name} = bitcast<${typeOf(dtype)}>(${word});` };
    });
    this.chain.words = held;
    restore(
      `let ${first} = ${firstWord(this.chain)}; if (${goesOn}) { ${words.map((word) => word.restore).join(" ")} }`,
    );
    this.code.line(`memory[${first}] = select(0u, 1u, ${budget} < 0i);`);
    this.code.line(`if (${budget} < 0i) { ${words.map(({ save }) => save).join(" ")} return; }`);
  }
}
