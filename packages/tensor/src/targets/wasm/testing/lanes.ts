import { type DType, byteSize } from "../../../dtype";
import type { Value } from "../../../lower/emitter";
import type { LaneEmitter, MachineEmitter, MemoryEmitter } from "../../../lower/machine";
import { wasmModule } from "../module";

const setters = {
  float32: "setFloat32",
  float64: "setFloat64",
  int32: "setInt32",
  uint32: "setUint32",
  bool: "setUint8",
} as const;
const getters = {
  float32: "getFloat32",
  float64: "getFloat64",
  int32: "getInt32",
  uint32: "getUint32",
  bool: "getUint8",
} as const;

export const counts = [1, 2, 3, 4, 5, 8, 16] as const;

/** A function without arguments over a memory of 8 pages. */
export function instantiate(body: (k: MachineEmitter) => void): { readonly run: () => void; readonly view: DataView } {
  const module = wasmModule();
  const handle = module.declare("f", 0);
  module.define(handle, body);
  module.export(handle, "f");
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  return { run: instance.exports.f as () => void, view: new DataView(memory.buffer) };
}

export const write = (view: DataView, dtype: DType, at: number, values: readonly number[]): void =>
  values.forEach((x, i) => view[setters[dtype]](at + i * byteSize(dtype), x, true));

export const read = (view: DataView, dtype: DType, at: number, length: number): number[] =>
  Array.from({ length }, (_, i) => view[getters[dtype]](at + i * byteSize(dtype), true));

/** Code that makes results of arguments, and may use memory from `scratch` on. */
export type Rule = (k: MemoryEmitter, args: readonly Value[], i: Value) => readonly Value[];

/** How an argument gets to lanes: each its own; one number for all; or a constant of the code. */
export type Form = "lanes" | "uniform" | "literal";

/** Where columns of arguments and results are, far enough apart. */
const column = (c: number): number => 1024 + c * 8192;
export const scratch: number = 400_000;

/** What the rule makes of each row of arguments, `count` rows at a time, or (count 0) by the scalar emitter; column by column. */
export function compute(
  count: number,
  types: readonly DType[],
  results: readonly DType[],
  columns: readonly (readonly number[])[],
  rule: Rule,
  forms: readonly Form[] = [],
): number[][] {
  const rows = columns[0]!.length;
  const formOf = (c: number): Form => forms[c] ?? "lanes";
  const { run, view } = instantiate((k) => {
    const int = (n: number): Value => k.literal("int32", n);
    const chunk = Math.max(count, 1);
    // Rows that are left over are left to the scalar code.
    const whole = count === 0 ? 0 : Math.floor(rows / chunk) * chunk;
    const emit = (e: MemoryEmitter, at: (base: Value, size: number) => Value, first: Value): void => {
      const address = (c: number, dtype: DType): Value => {
        const size = byteSize(dtype);
        return at(k.add(int(column(c)), k.mul(first, int(size))), size);
      };
      const args = types.map((dtype, c) => {
        if (formOf(c) === "literal") return e.literal(dtype, columns[c]![0]!);
        return e.load(dtype, formOf(c) === "uniform" ? int(column(c)) : address(c, dtype), 0);
      });
      const i = at(first, 1);
      rule(e, args, i).forEach((value, r) => e.store(results[r]!, address(types.length + r, results[r]!), 0, value));
    };
    if (whole > 0) {
      const lanes: LaneEmitter = k.lanes(count)!;
      k.loop(whole / chunk, (step) =>
        k.scope(() => emit(lanes, (base, size) => lanes.ramp(base, size), k.mul(step, int(chunk)))),
      );
    }
    k.loop(rows - whole, (step) => k.scope(() => emit(k, (base) => base, k.add(step, int(whole)))));
  });
  types.forEach((dtype, c) => write(view, dtype, column(c), columns[c]!));
  run();
  return results.map((dtype, r) => read(view, dtype, column(types.length + r), rows));
}
