import { grad, vmap } from "@dzdt/autograd";
import { constant, discretize, odeint, pid, radau5, rk4, tsit5 } from "@dzdt/odeint";
import {
  type Checkpoints,
  compile,
  concat,
  cond,
  type DType,
  fori,
  isFloat,
  js,
  ProgramCache,
  scan,
  stack,
  sum,
  type Target,
  tensor,
  type Tensor,
  wasm,
  whileLoop,
  withTarget,
  zeros,
} from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WasmMemory } from "../packages/tensor/src/targets/wasm/memory";
import { wasmProgram } from "../packages/tensor/src/targets/wasm/program";
import { inMemory } from "./in-memory";
import { exactOperations } from "./operations";
import { functionOf, inputOf, programs } from "./programs";

const lanes = wasm({ deterministic: true });
const memory = inMemory(lanes);

type Solve = (y: Tensor, p: Tensor) => Tensor;
type Batch = (ys: Tensor, ps: Tensor) => Tensor[];

function field(p: Tensor): (t: Tensor, y: Tensor) => Tensor {
  const [a, b, c] = p.split(3) as [Tensor, Tensor, Tensor];
  return (_t, state) => {
    const [x, y, z] = state.split(3) as [Tensor, Tensor, Tensor];
    return concat([a.mul(y.sub(x)), x.mul(b.sub(z)).sub(y), x.mul(y).sub(c.mul(z))]);
  };
}
const fixed = { solver: rk4, controller: constant({ dt: 0.01 }), maxSteps: 100 };
const adaptive = { solver: tsit5, controller: pid({ rtol: 1e-3, atol: 1e-4 }), maxSteps: 100 };
const midpoint: Solve = (y, p) => y.add(field(p)(y, y.add(field(p)(y, y).mul(0.005))).mul(0.01));

/** By name: a solve of one row, with what reverse mode keeps. */
const solves: Record<string, (checkpoints: Checkpoints) => Solve> = {
  "steps of one length": (checkpoints) => (y, p) =>
    odeint(field(p), y, [0, 0.07], { ...fixed, adjoint: discretize({ checkpoints }) }).ys,
  "steps of one length, with outputs": (checkpoints) => (y, p) =>
    odeint(field(p), y, [0, 0.02, 0.033, 0.07], { ...fixed, adjoint: discretize({ checkpoints }) }).ys,
  "steps of their own": (checkpoints) => (y, p) =>
    odeint(field(p), y, [0, 0.2], { ...adaptive, adjoint: discretize({ checkpoints }) }).ys,
  fori: (checkpoints) => (y, p) => fori(6, (_i, x: Tensor) => midpoint(x, p), y, { checkpoints }),
  whileLoop: (checkpoints) => (y, p) =>
    whileLoop(
      ({ x, n }) => x.mul(x).sum().less(600).and(n.less(p.sum().abs())),
      ({ x, n }) => ({
        x: cond(
          x.sum().greater(0),
          (x: Tensor) => midpoint(x, p),
          (x: Tensor) => midpoint(x, p).mul(1.25).sub(1),
          x,
        ),
        n: n.add(5),
      }),
      { x: y, n: sum(y.mul(0)) },
      { maxSteps: 40, checkpoints },
    ).x,
  "loops within loops": () => (y, p) => nested(y, p),
};

/** Loops within loops and branches, each as often as the row's numbers say. */
const nested: Solve = (y, p) => {
  const inner = (x: Tensor, most: Tensor): Tensor =>
    whileLoop(
      ({ n }) => n.less(most),
      ({ x, n }) => ({ x: midpoint(x, p), n: n.add(1) }),
      { x, n: sum(y.mul(0)) },
      { maxSteps: 9 },
    ).x;
  const odd = (n: Tensor): Tensor => n.mod(2).greater(0.5);
  return whileLoop(
    ({ n }) => n.less(p.sum().mul(0.1).abs()),
    ({ x, n }) => ({
      x: cond(
        odd(n.add(y.sum().round())),
        (x: Tensor) => inner(x, n.add(2)),
        (x: Tensor) => inner(x, n.mul(-1).add(5)).mul(0.5),
        x,
      ),
      n: n.add(1),
    }),
    { x: y, n: sum(y.mul(0)) },
    { maxSteps: 9 },
  ).x;
};

const loss = (x: Tensor): Tensor => sum(x.mul(x));
/** By name: gradients by all rows, and by parameters that each has of its own, or all have in common. */
const batches: Record<string, (solve: Solve) => Batch> = {
  "grad of vmap": (solve) => grad((ys: Tensor, ps: Tensor) => loss(vmap(solve)(ys, ps)), [0, 1]),
  "grad of vmap, common parameters": (solve) => (ys, ps) =>
    grad((ys: Tensor, p: Tensor) => loss(vmap(solve, [0, null])(ys, p)), [0, 1])(ys, ps.slice([0], [1]).reshape([3])),
  "vmap of grad": (solve) => vmap(grad((y: Tensor, p: Tensor) => loss(solve(y, p)), [0, 1])),
};

function inputs(size: number, dtype: DType): [Tensor, Tensor] {
  const make = (of: (n: number) => number): Tensor =>
    tensor(
      Array.from({ length: 3 * size }, (_, n) => of(n)),
      { dtype },
    ).reshape([size, 3]);
  return [make((n) => 7 * Math.sin(1 + n * n)), make((n) => [10, 28, 8 / 3][n % 3]! * (1 + 0.3 * Math.cos(n)))];
}

const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const run = (target: Target, fn: Batch, size: number, dtype: DType): unknown =>
  withTarget(target, () => compile(fn)(...inputs(size, dtype)).map(bits));

const sizes = fc.constantFrom(1, 2, 3, 5, 8, 9);
const dtypes = fc.constantFrom<DType>("float32", "float64");
const policies = fc.constantFrom<Checkpoints>("all", "all", "sqrt", 3);

describe.each(Object.keys(batches))("%s has the same bits in lanes, in memory and interpreted:", (order) => {
  test.each(Object.keys(solves))("%s", (name) => {
    fc.assert(
      fc.property(sizes, dtypes, policies, (size, dtype, checkpoints) => {
        const fn = batches[order]!(solves[name]!(checkpoints));
        const expected = run(lanes, fn, size, dtype);
        expect(run(memory, fn, size, dtype), "in memory").toEqual(expected);
        // Steps of their own take powers, which the host has otherwise.
        if (name !== "steps of their own") expect(run(js(), fn, size, dtype), "interpreted").toEqual(expected);
      }),
      { numRuns: Number(process.env["RUNS"] ?? 6) },
    );
  });
});

test("rows for which a loop within another is not meant may have any number of iterations for it", () => {
  const often = [1, 6, 2, 5, 3, 4, 0, 7];
  const lengths = [0.02, 0.3, 0.03, 0.2, 0.05, 0.1, 0.021, 0.5];
  const one = (y: Tensor, p: Tensor, often: Tensor, dt: Tensor): Tensor => {
    const solve = (x: Tensor): Tensor =>
      odeint((_t: Tensor, z: Tensor) => z.mul(z).mul(-0.1).add(p), x, [0, 1], {
        solver: rk4,
        controller: constant({ dt }),
        maxSteps: 50,
      }).ys.sum(0);
    return whileLoop(
      ({ n }) => n.less(often),
      ({ x, n }) => ({ x: cond(n.mod(2).less(0.5), solve, (x: Tensor) => x.mul(0.9), x), n: n.add(1) }),
      { x: y, n: dt.mul(0) },
      { maxSteps: 9 },
    ).x;
  };
  const f64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });
  const gradients = (ys: Tensor, ps: Tensor): Tensor[] =>
    grad((ys: Tensor, ps: Tensor) => loss(vmap(one)(ys, ps, f64(often), f64(lengths))), [0, 1])(
      ys.mul(0.1),
      ps.mul(0.01),
    );
  const expected = run(lanes, gradients, often.length, "float64");
  expect(run(memory, gradients, often.length, "float64"), "in memory").toEqual(expected);
  expect(run(js(), gradients, often.length, "float64"), "interpreted").toEqual(expected);
});

test("gradients of whatever the loops of a batch compute, each as often as it will, have the same bits", () => {
  const bodies = programs(exactOperations, { steps: 5 }).filter(({ inputs }) =>
    inputs.every(({ shape }) => shape.reduce((n, d) => n * d, 1) <= 9),
  );
  const kinds = fc.constantFrom("while", "fori", "scan over rows");
  fc.assert(
    fc.property(bodies, kinds, fc.integer({ min: 2, max: 9 }), policies, (program, kind, size, checkpoints) => {
      const fn = functionOf(program, exactOperations);
      const step = (ins: Tensor[]): Tensor[] => {
        const outs = fn(...ins);
        return ins.map((x) => outs.find((y) => x.dtype === y.dtype && x.shape.join() === y.shape.join()) ?? x);
      };
      const one = (often: Tensor, ...own: Tensor[]): Tensor[] =>
        kind === "while"
          ? whileLoop(
              ({ n }) => n.less(often),
              ({ n, c }) => ({ n: n.add(1), c: step(c) }),
              { n: often.mul(0), c: own },
              { maxSteps: 7, checkpoints },
            ).c
          : fori(4, (_i, c: Tensor[]) => step(c), own, { checkpoints });
      const losses = (outs: readonly Tensor[]): Tensor =>
        outs.reduce(
          (all, x) => (isFloat(x.dtype) ? all.add(sum(x).cast("float64")) : all),
          zeros([], { dtype: "float64" }),
        );
      const gradients = (target: Target): unknown =>
        withTarget(target, () => {
          const rows = program.inputs
            .map(inputOf)
            .map((x) => stack(Array.from({ length: size }, (_, n) => (n % 2 ? x : x.equal(x).cast(x.dtype)))));
          const often = tensor(
            Array.from({ length: size }, (_, n) => (5 * n) % 7),
            { dtype: "int32" },
          );
          const floats = rows.filter(({ dtype }) => isFloat(dtype));
          const whole = (moving: readonly Tensor[]): Tensor[] => {
            const left = [...moving];
            return rows.map((x) => (isFloat(x.dtype) ? left.shift()! : x));
          };
          const batch = (moving: Tensor[]): Tensor =>
            kind === "scan over rows"
              ? losses(
                  scan((none: Tensor[], row: Tensor[]) => [none, one(row[0]!, ...row.slice(1))], [] as Tensor[], [
                    often,
                    ...whole(moving),
                  ])[1],
                )
              : losses(vmap(one as never)(...([often, ...whole(moving)] as never[])) as Tensor[]);
          return compile((...moving: Tensor[]) => grad(batch)(moving))(...floats).map(bits);
        });
      if (!program.inputs.some(({ dtype }) => isFloat(dtype))) return;
      const expected = gradients(lanes);
      expect(gradients(memory), "in memory").toEqual(expected);
      expect(gradients(js()), "interpreted").toEqual(expected);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 60) },
  );
}, 600_000);

/** Independent trajectories: each is a solve within a loop over the rows. */
const independent =
  (options: object): Solve =>
  (ys, p) =>
    odeint(field(p), ys, [0, 0.2], { ...options, batch: "independent" }).ys;
const gradOfRows =
  (options: object): Batch =>
  (ys, ps) =>
    grad((ys: Tensor, p: Tensor) => loss(independent(options)(ys, p)), [0, 1])(ys, ps.slice([0], [1]).reshape([3]));

test("gradients of independent trajectories have the same bits in lanes, in memory and interpreted", () => {
  fc.assert(
    fc.property(sizes, dtypes, fc.boolean(), policies, (size, dtype, own, checkpoints) => {
      const fn = gradOfRows({ ...(own ? adaptive : fixed), adjoint: discretize({ checkpoints }) });
      const expected = run(lanes, fn, size, dtype);
      expect(run(memory, fn, size, dtype), "in memory").toEqual(expected);
      if (!own) expect(run(js(), fn, size, dtype), "interpreted").toEqual(expected);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 12) },
  );
});

test("what the rules of a body make themselves is there on the way back, as the identity of implicit steps is", () => {
  for (const checkpoints of ["all", "sqrt"] as const) {
    const options = { solver: radau5, controller: constant({ dt: 0.1 }), adjoint: discretize({ checkpoints }) };
    const solve: Solve = (y, p) => odeint(field(p), y, [0, 0.3], options).ys;
    const gradients = (order: string, target: Target): unknown => run(target, batches[order]!(solve), 3, "float64");
    for (const order of Object.keys(batches))
      expect(gradients(order, memory), `${order}, ${checkpoints}`).toEqual(gradients(order, lanes));
    expect(gradients("grad of vmap", lanes)).toEqual(gradients("vmap of grad", lanes));
  }
});

test("all loops of these gradients run in lanes", () => {
  const ins = inputs(40, "float64");
  const loops = (fn: Batch): string[] =>
    compile(fn)
      .inspect(...ins)
      .split("\n")
      .filter((line) => line.includes(" ×  "))
      .map((line) => line.trim().split(",")[0]!);
  for (const name of Object.keys(solves))
    for (const order of Object.keys(batches))
      for (const checkpoints of order === "vmap of grad" ? (["all"] as const) : (["all", "sqrt"] as const)) {
        const found = loops(batches[order]!(solves[name]!(checkpoints)));
        expect(found, `${order}: ${name}, ${checkpoints}`).toEqual(found.map(() => "loop in 4 lanes"));
        expect(found.length).toBeGreaterThan(1);
      }
  for (const options of [fixed, adaptive])
    expect(loops(gradOfRows(options))).toEqual(["loop in 4 lanes", "loop in 4 lanes"]);
});

test("rows that others have left in memory are not read", () => {
  withTarget(lanes, () => {
    const fn = compile(batches["grad of vmap"]!(solves["whileLoop"]!("all")));
    const first = fn(...inputs(13, "float64")).map(bits);
    for (const size of [70, 9, 13, 200, 13])
      for (const dtype of ["float64", "float32"] as const) fn(...inputs(size, dtype));
    expect(fn(...inputs(13, "float64")).map(bits)).toEqual(first);
  });
});

describe("memory of rows that are kept", () => {
  function bytesFor(size: number, fn: Batch): number {
    const memory = new WasmMemory();
    const target: Target = { ...lanes, program: (tape) => wasmProgram(tape, memory), programs: new ProgramCache() };
    run(target, fn, size, "float64");
    return memory.memory.buffer.byteLength;
  }
  const size = 1000;
  const steps = 500;
  const rows = size * steps * 3 * 8;
  const long = { ...fixed, controller: constant({ dt: 0.2 / steps }), maxSteps: steps };

  test("of a batch of loops is that of all elements, fewer where there are checkpoints", () => {
    const solve = (checkpoints: Checkpoints): Solve => {
      const adjoint = discretize({ checkpoints });
      return (y, p) => odeint(field(p), y, [0, 0.2], { ...long, adjoint }).ys;
    };
    expect(bytesFor(size, batches["grad of vmap"]!(solve("all")))).toBeGreaterThan(rows);
    expect(bytesFor(size, batches["grad of vmap"]!(solve("sqrt")))).toBeLessThan(rows / 5);
  });

  test("of independent trajectories is that of those side by side", () => {
    expect(bytesFor(size, gradOfRows(long))).toBeLessThan(rows / 20);
  });
});
