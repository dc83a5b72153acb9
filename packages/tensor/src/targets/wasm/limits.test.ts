import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test, vi } from "vitest";
import {
  bind,
  call,
  compile,
  fori,
  js,
  ops,
  OutOfMemoryError,
  ProgramCache,
  type Program,
  ShapeError,
  type Tape,
  type Target,
  type Tensor,
  tensor,
  trace,
  UnsupportedError,
  wasm,
  zeros,
} from "../../index";
import { WasmMemory } from "./memory";
import { wasmProgram } from "./program";
import { checkEngine } from "./simd";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

afterEach(() => {
  vi.restoreAllMocks();
});

/** A target with a memory of its own, of a few pages. */
function small(pages: number): Target {
  const memory = new WasmMemory(pages);
  return Object.freeze<Target>({
    ...wasm(),
    program: (tape) => wasmProgram(tape, memory),
    programs: new ProgramCache(),
  });
}

function errorOf(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return expect.fail("nothing was thrown");
}

test("a program that needs more memory than addresses reach is refused before it runs", () => {
  const error = errorOf(() => zeros([], { dtype: "float64" }).broadcastTo([2 ** 29]));
  expect(error).toBeInstanceOf(OutOfMemoryError);
  expect(error.message).toMatch(
    /^broadcast: out of memory: 4096 MiB are needed, more than can be had .*; use smaller batches/,
  );
});

test("a shape with too many elements is named while it is recorded", () => {
  const error = errorOf(() => compile((x: Tensor) => x.broadcastTo([65536, 65536]).sum())(zeros([])));
  expect(error).toBeInstanceOf(ShapeError);
  expect(error.message).toMatch(
    /^broadcast: a tensor of shape \[65536, 65536\] has 4294967296 elements, more than the 2147483647 .*; split it/,
  );
  expect(() => zeros([2 ** 20, 2 ** 20])).toThrow(ShapeError);
});

test("where memory cannot grow the error is named, and programs run as before", () => {
  const target = small(4);
  const x = tensor([1, 2, 3], { target });
  const error = errorOf(() => zeros([100_000], { target }).add(1));
  expect(error).toBeInstanceOf(OutOfMemoryError);
  expect(error.message).toMatch(/; use smaller batches, checkpoints, or fewer steps$/);
  expect(x.add(1).arraySync()).toEqual([2, 3, 4]);
  expect(zeros([1000], { target }).sum().itemSync()).toBe(0);
});

test("programs follow the memory when it grows between their runs", () => {
  const target = small(64);
  const x = tensor([1, 2, 3], { target });
  const twice = compile((y: Tensor) => y.add(y));
  expect(twice(x).arraySync()).toEqual([2, 4, 6]);
  for (const length of [50_000, 200_000]) {
    expect(zeros([length], { target }).add(1).sum().itemSync()).toBe(length);
    expect(twice(x).arraySync()).toEqual([2, 4, 6]);
  }
});

test("a program that stops for want of memory leaves the target usable", () => {
  const memory = new WasmMemory();
  const target = Object.freeze<Target>({
    ...wasm(),
    program: (tape) => wasmProgram(tape, memory),
    programs: new ProgramCache(),
  });
  const x = tensor([1, 2], { target });
  const double = compile((y: Tensor) => y.mul(2));
  expect(double(x).arraySync()).toEqual([2, 4]);
  memory.renew("test");
  expect(double(x).arraySync()).toEqual([2, 4]);
  expect(compile((y: Tensor) => fori(3, (_i, z: Tensor) => z.add(z), y))(x).arraySync()).toEqual([8, 16]);
});

test("an engine without SIMD is told from one without WebAssembly", () => {
  vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
  expect(checkEngine).toThrow(UnsupportedError);
  expect(checkEngine).toThrow("has no 128-bit SIMD; use defaultTarget(js())");
  vi.stubGlobal("WebAssembly", undefined);
  try {
    expect(checkEngine).toThrow("has no WebAssembly; use defaultTarget(js())");
  } finally {
    vi.unstubAllGlobals();
  }
});

test("a program holds its code, and neither its tape nor tables of how it was lowered", async () => {
  const target = wasm();
  let held: WeakRef<Tape> | undefined;
  const run = (): void => {
    const types = [{ dtype: "float64", shape: [3] }] as const;
    const inner = trace("inner", (x) => [ops.sin(ops.add(x, x))], types, { target }).tape;
    held = new WeakRef(inner);
    const { tape } = trace("held", (x) => bind(call, [x], { tape: inner }), types, { target });
    const program = target.programs.get("held", () => target.program(tape));
    expect(program.inspect(tape)).toContain("sin");
    program.run([Float64Array.of(1, 2, 3)]);
  };
  run();
  for (let n = 0; n < 5 && held?.deref(); n++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
  }
  expect(held?.deref()).toBeUndefined();
});

test("what an interpreter holds is counted, and what keys hold", () => {
  const x = tensor([1, 2, 3], { target: js() });
  const before = js().programs.bytes;
  x.reshape([3, 1]).mul(x).atan2(x.exp());
  expect(js().programs.bytes).toBeGreaterThan(before + 1000);
});

test("a program cache is bounded by bytes as well as by number, and forgets what was used least recently", () => {
  const program = (bytes: number): Program => ({ bytes, run: () => [], inspect: () => "" });
  const cache = new ProgramCache({ programs: 3, bytes: 100 });
  const made: string[] = [];
  const get = (key: string, bytes: number): Program =>
    cache.get(key, () => {
      made.push(key);
      return program(bytes);
    });
  get("a", 40);
  get("b", 40);
  get("a", 40);
  get("c", 40);
  expect([cache.size, cache.bytes, cache.forgotten]).toEqual([2, 82, 1]);
  get("a", 40);
  get("b", 40);
  expect(made).toEqual(["a", "b", "c", "b"]);
  get("huge", 1000);
  expect([cache.size, cache.bytes]).toEqual([1, 1004]);
  for (const key of ["x", "y", "z", "w"]) get(key, 1);
  expect([cache.size, cache.bytes]).toEqual([3, 6]);
});
