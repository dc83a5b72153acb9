import { type DType, invariant } from "@dzdt/tensor";
import {
  type FunctionHandle,
  type MachineEmitter,
  type MachineModule,
  type MathFunction,
  mathFunctions,
  type MathRule,
  type Place,
  type Value,
} from "@dzdt/tensor/lower";
import type { Doubles } from "../doubles/doubles";
import { type BoundArray, declarations } from "./arrays";
import { ChainEmitter } from "./chain";
import { Code } from "./code";
import { type Callees, type LaneMemory, WgslEmitter } from "./emit";
import { helperText } from "./helpers";
import { remainder } from "./remainder";
import { enableSets, placeInSet } from "./sets";
import { circular } from "./trigonometry";
import { term, typeOf } from "./types";

interface FunctionRecord {
  readonly head: string;
  readonly code: Code;
  /** The result, where there is one. */
  readonly result?: string;
}

const remainderRule: MathRule = { arguments: 2, long: true, emit: (k, [x, y]) => remainder(k, x!, y!) };

/** A kernel ready for a pipeline. */
export interface KernelText {
  readonly text: string;
  readonly fails: boolean;
  /** What it uses beside the memory of programs, in the order of its bindings. */
  readonly arrays: readonly BoundArray[];
}

/** Of a known length, so that only what is computed needs a check against it. */
const memoryText = (words: number): string =>
  `@group(0) @binding(0) var<storage, read_write> memory: array<u32, ${words}>;`;

const head = `struct Run { zero: u32, @align(16) again: u32 }
@group(0) @binding(1) var<uniform> run: Run;
var<private> lane_done: i32;
var<private> lane_room: i32;
var<private> lane_number: i32;
var<private> heap_top: i32;
var<private> heap_end: u32;
var<private> stopped: bool;`;

/** Functions of WGSL, from which kernels are put together with what each of them needs. */
export class WgslModule implements MachineModule, Callees {
  /** Words of the memory; to be set before kernels are made. */
  words = 0;
  /** Addresses of places that are not in the memory; likewise. */
  arrays: ReadonlyMap<Place, Value> = new Map();
  lane: LaneMemory | undefined;
  readonly threads = 1;
  readonly set: number;
  private readonly names: string[] = [];
  private readonly functions = new Map<string, FunctionRecord>();
  private readonly doubles: Doubles | undefined;

  /** @param doubles what float64 needs, where it may be used @param set how many invocations may tell each other numbers */
  constructor(doubles?: Doubles, set = 1) {
    this.doubles = doubles;
    this.set = set;
  }

  declare(name: string, parameters: number): FunctionHandle {
    const index = this.names.push(`f${this.names.length}_${name.replace(/[^A-Za-z0-9]+/g, "_")}`) - 1;
    return { index, parameters };
  }

  nameOf({ index }: FunctionHandle): string {
    return this.names[index]!;
  }

  define(handle: FunctionHandle, body: (k: MachineEmitter, parameters: readonly Value[]) => void): void {
    const name = this.nameOf(handle);
    const chain = this.lane?.chain;
    const k = chain && !chain.taken ? new ChainEmitter(this, chain) : new WgslEmitter(this);
    const parameters = Array.from({ length: handle.parameters }, (_, j) => `p${j}`);
    const record: FunctionRecord = {
      head: `fn ${name}(${parameters.map((p) => `${p}: i32`).join(", ")})`,
      code: k.code,
    };
    invariant(!this.functions.has(name), `WGSL function ${name} is defined twice`);
    this.functions.set(name, record);
    body(
      k,
      parameters.map((p) => k.code.named("int32", p)),
    );
  }

  /** Emits code of one of many lanes. */
  asLane(lane: LaneMemory, body: () => void): void {
    this.lane = lane;
    body();
    this.lane = undefined;
  }

  /** Kernels are put together by {@link kernel}. */
  export(): void {
    return undefined;
  }

  math(name: MathFunction | "rem", dtype: DType): string {
    const own = `math_${name}${dtype === "float64" ? "_pair" : ""}`;
    if (this.functions.has(own)) return own;
    const code = new Code();
    const rule = name === "rem" ? remainderRule : this.rule(name, dtype);
    const parameters = ["x", "y"].slice(0, rule.arguments);
    const type = typeOf(dtype);
    const named = { head: `fn ${own}(${parameters.map((p) => `${p}: ${type}`).join(", ")}) -> ${type}`, code };
    this.functions.set(own, named);
    const result = rule.emit(
      new WgslEmitter(this, code),
      parameters.map((p) => code.named(dtype, p)),
    );
    this.functions.set(own, { ...named, result: term(result).text });
    return own;
  }

  private rule(name: MathFunction, dtype: DType): MathRule {
    return (dtype === "float64" ? this.doubles?.rule(name) : circular(name)) ?? mathFunctions[name];
  }

  /** A kernel whose entry point `main` does what `body` emits. */
  kernel(
    options: { readonly workgroup: string; readonly globals?: string },
    body: (k: WgslEmitter) => void,
  ): KernelText {
    const code = new Code();
    body(new WgslEmitter(this, code));
    const used = new Map<string, FunctionRecord>();
    const todo = [...code.calls];
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (used.has(name)) continue;
      const record = this.functions.get(name);
      invariant(record, `WGSL function ${name} is declared but not defined`);
      used.set(name, record);
      todo.push(...record.code.calls);
    }
    const records = [...used.values()];
    const main = code.text;
    const functions = records.map(
      ({ head: signature, code: own, result }) =>
        `${signature} {\n${own.text}${result === undefined ? "" : `\n  return ${result};`}\n}`,
    );
    const helpers = helperText([main, ...functions], this.doubles?.helpers);
    const exchanges = code.exchanges || records.some((record) => record.code.exchanges);
    const text = [
      ...(exchanges ? [enableSets] : []),
      ...([main, ...functions, ...helpers].some((each) => each.includes("memory[")) ? [memoryText(this.words)] : []),
      ...declarations(code.arrays, true),
      head,
      ...(exchanges ? [placeInSet] : []),
      ...(options.globals === undefined ? [] : [options.globals]),
      ...helpers,
      ...functions,
      `@compute @workgroup_size(${options.workgroup})
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,${exchanges ? "\n  @builtin(subgroup_invocation_id) subgroup: u32," : ""}
) {
${exchanges ? "  in_set = subgroup;\n" : ""}${main}
}`,
    ].join("\n");
    const fails = code.fails || records.some((record) => record.code.fails);
    return { text, fails, arrays: code.arrays };
  }
}
