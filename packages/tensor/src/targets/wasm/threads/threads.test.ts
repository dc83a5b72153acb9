import { execFileSync } from "node:child_process";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import {
  bind,
  cast,
  check,
  compile,
  fori,
  matmul,
  registerFailure,
  scan,
  tensor,
  type Tensor,
  wasm,
  where,
  whileLoop,
  zeros,
} from "../../../index";
import { trace } from "../../../trace";
import { WasmMemory } from "../memory";
import { maxPages, wasmModule } from "../module";
import { threadedProgram, wasmProgram } from "../program";
import { numbersOf } from "../residents";
import { threaded } from "../testing/threaded";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls until the answer is yes; a thread needs a moment to start. */
async function until(ask: () => boolean): Promise<void> {
  for (let tries = 0; !ask() && tries < 500; tries++) await pause(20);
}

const base = 4096;
const tiles = 40;
const alone = 4;

/** A program of one job, whose tiles write which thread ran them, 1 for this one, after some work; where it is not divided, `alone`. */
function program(memory: WasmMemory): { run: () => number[] } {
  const module = wasmModule({ fused: false, threads: 2 });
  const job = module.declare("job", 3);
  module.define(job, (k, [frame, tile, thread]) => {
    const int = (n: number) => k.literal("int32", n);
    const at = k.add(frame!, k.mul(tile!, int(4)));
    k.loop(20000, () => k.store("int32", at, 0, k.add(k.load("int32", at, 0), int(1))));
    k.store("int32", at, 0, k.add(thread!, int(1)));
  });
  const main = module.declare("main", 0);
  module.define(main, (k) => {
    const frame = k.literal("int32", base);
    // Alone takes twice as long, so that help pays, and leaves its mark.
    k.parallel!(job, frame, tiles, () =>
      k.loop(2 * tiles, (i) => {
        const tile = k.rem(i, k.literal("int32", tiles));
        k.call(job, [frame, tile, k.literal("int32", alone - 1)]);
      }),
    );
  });
  module.export(main, "main");
  const compiled = new WebAssembly.Module(module.finish());
  const instance = new WebAssembly.Instance(compiled, { env: { memory: memory.memory } });
  const start = memory.share(compiled, instance.exports["main"] as () => void);
  return {
    run: () => {
      for (let tile = 0; tile < tiles; tile++) memory.writeWord(base + 4 * tile, 0);
      start();
      return Array.from({ length: tiles }, (_, tile) => memory.readWord(base + 4 * tile));
    },
  };
}

describe("a job", () => {
  test("is done as one until others have the program, then tile by tile, each by one of all", async () => {
    const memory = new WasmMemory(maxPages, 2);
    const [first, second] = [program(memory), program(memory)];
    const asOne = new Array(tiles).fill(alone);
    expect(first.run()).toEqual(asOne);
    for (const { run } of [first, second, first]) {
      let ran = run();
      if (ran.includes(alone)) expect(ran).toEqual(asOne);
      await until(() => (ran = run()).includes(2));
      // A busy machine may leave all of them to either.
      expect(ran.filter((thread) => thread !== 1 && thread !== 2)).toEqual([]);
      expect(ran).toContain(2);
    }
  });

  test("without other threads is divided all the same, from the first run on", () => {
    const { run } = program(new WasmMemory(maxPages, 2, 0));
    expect(run()).toEqual(new Array(tiles).fill(1));
  });
});

const two = threaded(2, 1);
const bytesOf = (x: Tensor): Buffer => Buffer.from(x.dataSync().buffer);

const shapes = [[512, 512], [1027, 333], [262144], [3, 100003]] as const;

describe.each(shapes.map((shape) => ({ shape })))("$shape on two threads", ({ shape }) => {
  const values = (target = wasm()): Tensor => {
    const size = shape.reduce((n: number, d) => n * d, 1);
    return tensor(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i) * 2),
      { target },
    ).reshape([...shape]);
  };
  const programs: Record<string, (x: Tensor) => Tensor> = {
    elements: (x) => x.tanh().mul(x).add(x.exp()),
    rows: (x) => x.mul(x).exp().sum(-1),
    columns: (x) => x.sin().sum(0),
    transposed: (x) => x.transpose().add(1),
    shifted: (x) => x.slice([1], [shape[0]]).mul(2).exp(),
    product: (x) => (shape.length === 2 && shape[0] > 3 ? matmul(x.transpose(), x.add(1)) : x),
  };
  test.each(Object.keys(programs))("%s are what one thread gives, to the bit", async (name) => {
    const f = programs[name]!;
    const expected = bytesOf(compile(f)(values()));
    const target = two;
    const shared = compile(f, { target });
    const x = values(target);
    for (let run = 0; run < 5; run++) {
      expect(bytesOf(shared(x)).equals(expected)).toBe(true);
      await pause(10);
    }
  });
});

test("trajectories are what one thread gives, to the bit", async () => {
  // The number of steps differs from row to row.
  const f = (rows: Tensor): Tensor =>
    scan(
      (none: Tensor[], x: Tensor) => [
        none,
        whileLoop(
          ([y]) => y.less(1e6),
          ([y]) => [y.mul(1.01).add(y.sin().square())],
          [x] as [Tensor],
          { maxSteps: 5000 },
        )[0],
      ],
      [] as Tensor[],
      rows,
    )[1];
  const start = Float32Array.from({ length: 1001 }, (_, i) => 1 + i);
  const expected = bytesOf(compile(f)(tensor(start)));
  const target = two;
  const shared = compile(f, { target });
  for (let run = 0; run < 5; run++) {
    expect(bytesOf(shared(tensor(start, { target }))).equals(expected)).toBe(true);
    await pause(10);
  }
});

const [even, odd] = ["even", "odd"].map((name) =>
  registerFailure((facts) => new RangeError(`${name} ${[...Array.from(facts)].slice(0, 12).join()}`)),
);

test("of rows that fail on several threads one is told, by its own number and its own facts", async () => {
  const f = (rows: Tensor): Tensor =>
    scan(
      (none: Tensor[], x: Tensor) => {
        const y = fori(300, (_i, y: Tensor) => y.mul(0.5).add(x).sin(), x);
        const code = where(x.lessEqual(2000), 0, where(x.mod(2).equal(0), even!, odd!));
        return [none, bind(check, [y, cast(code, "int32"), x.add(zeros([12], { dtype: "float64" }))])[0]!];
      },
      [] as Tensor[],
      rows,
    )[1];
  for (const target of [threaded(2), two]) {
    const rows = (from: number): Tensor =>
      tensor(
        Float64Array.from({ length: 4000 }, (_, i) => from + i),
        { target },
      );
    const shared = compile(f, { target });
    expect(shared(rows(-2000)).shape).toEqual([4000]);
    for (let run = 0; run < 20; run++) {
      let told = "";
      try {
        shared(rows(0));
      } catch (error) {
        told = (error as Error).message;
      }
      const [parity, facts] = told.split(" ") as [string, string];
      const row = Number(facts.split(",")[0]);
      expect(row).toBeGreaterThan(2000);
      expect(parity).toBe(row % 2 === 0 ? "even" : "odd");
      expect(facts).toBe(new Array(12).fill(row).join());
      await pause(5);
    }
  }
});

const doubled = (x: Tensor): Tensor =>
  whileLoop(
    ([y]) => y.sum().less(1e6),
    ([y]) => [y.exp().add(y)],
    [x] as [Tensor],
    { maxSteps: 10 },
  )[0];
const summed = (rows: Tensor): Tensor =>
  scan((none: Tensor[], x: Tensor) => [none, fori(20, (_, y) => y.sin().add(x), x)], [] as Tensor[], rows)[1];

test.each([
  ["a sum", (x: Tensor) => x.add(1).sum(), [1000], false],
  ["elements", (x: Tensor) => x.tanh(), [500_000], true],
  ["a loop over little", doubled, [1000], false],
  ["a loop over elements", doubled, [500_000], true],
  ["a few rows apart", summed, [500], false],
  ["rows apart", summed, [5000], true],
] as const)("%s: the memory of threads is used where there is work for them", (_name, f, shape, shares) => {
  const { tape, captured } = trace("f", (x) => [f(x)], [{ dtype: "float32", shape }], { target: wasm() });
  const [shared, own] = [new WasmMemory(maxPages, 2), new WasmMemory()];
  const before = shared.memory.buffer.byteLength;
  const values = Float32Array.from({ length: shape[0] }, (_, i) => i / 5000);
  const given = [values, ...captured.map(({ storage }) => storage)];
  const results = threadedProgram(tape, shared, { fused: false, threads: 2 }, own).run(given);
  expect(shared.memory.buffer.byteLength > before).toBe(shares);
  const expected = wasmProgram(tape, new WasmMemory()).run(given);
  expect(results.map((x) => Array.from(numbersOf(x)))).toEqual(expected.map((x) => Array.from(numbersOf(x))));
  shared.renew("f");
});

test("threads keep no process alive", () => {
  const source = `
    import { tensor, wasm } from ${JSON.stringify(fileURLToPath(new URL("../../../index.ts", import.meta.url)))};
    const x = tensor(new Float32Array(1 << 19), { target: wasm({ threads: 2 }) });
    x.exp().sin();
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(x.exp().sin().tanh().sum().itemSync());
  `;
  const out = execFileSync(
    process.execPath,
    ["--conditions=@dzdt/source", "--import", "tsx", "--input-type=module", "--eval", source],
    { timeout: 60_000, encoding: "utf8" },
  );
  expect(Number(out)).toBeCloseTo(Math.tanh(Math.sin(1)) * 2 ** 19, -1);
});

test("there are no more threads than processors, and one line says so", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const processors = vi.spyOn(os, "availableParallelism").mockReturnValue(2);
  try {
    expect(wasm({ threads: 4 })).toBe(wasm({ threads: 2 }));
    processors.mockReturnValue(1);
    expect(wasm({ threads: 2 })).toBe(wasm());
    expect(warn.mock.calls).toEqual([["wasm: 2 threads in place of 4: there are processors for no more"]]);
  } finally {
    processors.mockRestore();
    warn.mockRestore();
  }
});

test("what cannot be is said", () => {
  expect(() => wasm({ threads: 0 })).toThrow("wasm: threads is 0; give an integer from 1 to 64");
  expect(() => wasm({ threads: 1.5 })).toThrow("wasm: threads is 1.5; give an integer from 1 to 64");
});

test("without shared memory there is one thread, and one line says why", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    expect(wasm({ threads: 3 })).toBe(wasm());
    wasm({ threads: 4 });
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^wasm: one thread in place of 3: SharedArrayBuffer is missing .*Cross-Origin-Opener-Policy/,
        ),
      ],
    ]);
  } finally {
    vi.unstubAllGlobals();
    warn.mockRestore();
  }
});
