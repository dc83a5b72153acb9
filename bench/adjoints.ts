// Gradients through solves by each adjoint: time, memory and error. `node --conditions=@dzdt/source --import tsx bench/adjoints.ts`
import { grad } from "@dzdt/autograd";
import {
  backsolve,
  constant,
  discretize,
  dop853,
  forwardSensitivity,
  interpolating,
  kahanLi8S17,
  odeint,
  type OdeintOptions,
  reversible,
  rodas5p,
  separable,
} from "@dzdt/odeint";
import { compile, matmul, ProgramCache, type Target, tensor, type Tensor, wasm } from "@dzdt/tensor";
import { WasmMemory } from "../packages/tensor/src/targets/wasm/memory";
import { wasmProgram } from "../packages/tensor/src/targets/wasm/program";
import { layout } from "./src/table";

interface Problem {
  /** The gradient that is wanted. */
  readonly gradient: (options: OdeintOptions<Tensor>) => (p: Tensor) => Tensor;
  readonly p: Tensor;
  readonly exact: () => number[];
  readonly options: OdeintOptions<Tensor>;
  readonly adjoints: Readonly<Record<string, OdeintOptions<Tensor>>>;
}

const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const last = (ys: Tensor): Tensor => ys.slice([1], [2]).reshape(ys.shape.slice(1));
const tight: OdeintOptions<Tensor> = {
  rtol: 1e-12,
  atol: 1e-14,
  solver: dop853,
  adjoint: discretize({ checkpoints: "sqrt" }),
};

const usual = {
  discretize: { adjoint: discretize() },
  'discretize, "sqrt"': { adjoint: discretize({ checkpoints: "sqrt" }) },
  interpolating: { adjoint: interpolating() },
  forwardSensitivity: { adjoint: forwardSensitivity() },
  backsolve: { adjoint: backsolve() },
  "backsolve, unchecked": { adjoint: backsolve({ drift: Infinity }) },
};

/** Robertson's reactions to t = 40: the logarithmic derivatives of the first species; the reference has 12 digits. */
const robertson: Problem = {
  gradient: (options) => (p) =>
    grad((scale: Tensor) =>
      last(
        odeint(
          (_t, y: Tensor, k: Tensor) => {
            const [a, b, c] = [0, 1, 2].map((i) => y.slice([i], [i + 1]));
            const at = (i: number): Tensor => k.slice([i], [i + 1]);
            const [slow, fast, back] = [at(0).mul(a!), at(1).mul(b!).mul(b!), at(2).mul(b!).mul(c!)];
            return back
              .sub(slow)
              .pad([[0, 2]])
              .add(
                slow
                  .sub(back)
                  .sub(fast)
                  .pad([[1, 1]]),
              )
              .add(fast.pad([[2, 0]]));
          },
          f64([1, 0, 0]),
          [0, 40],
          { ...options, args: scale.mul(f64([0.04, 3e7, 1e4])) },
        ).ys,
      )
        .slice([0], [1])
        .sum(),
    )(p),
  p: f64([1, 1, 1]),
  exact: () => [-4.247558771706 * 0.04, -2.288355088906e-9 * 3e7, 0.00001373080797345 * 1e4],
  options: { solver: rodas5p, rtol: 1e-6, atol: 1e-10, maxSteps: 1000 },
  adjoints: usual,
};

/** dy/dt = A y with rates −50 and −1: a fast decay, which backwards grows by e^100. */
const decay: Problem = {
  gradient: (options) =>
    grad((a: Tensor) =>
      last(odeint((_t, y: Tensor, m: Tensor) => matmul(m, y), f64([1, 2]), [0, 2], { ...options, args: a }).ys).sum(),
    ),
  p: f64([
    [-50, 0],
    [1, -1],
  ]),
  exact: () => [5.63662154255e-5, 0.0166257328886668, 0.00276194455584924, 0.546808655842724],
  options: { rtol: 1e-6, atol: 1e-8, maxSteps: 1000 },
  adjoints: usual,
};

const pendulums = separable<Tensor, Tensor, Tensor>({ velocity: (p) => p, force: (q, k) => q.sin().mul(k).neg() });
const angles = f64(Array.from({ length: 64 }, (_, i) => (i + 1) / 64));
const swing = (options: OdeintOptions<Tensor>): ((k: Tensor) => Tensor) =>
  grad((k: Tensor) =>
    last(odeint(pendulums, { q: angles, p: angles.mul(0) }, [0, 1000], { ...options, args: k }).ys.q)
      .square()
      .sum(),
  );

/** 64 pendulums over 160 periods: 20,000 steps of order 8. */
const long: Problem = {
  gradient: swing,
  p: f64(1),
  exact: () => numbers(compile(swing(tight))(f64(1))),
  options: { solver: kahanLi8S17, controller: constant({ dt: 0.05 }), maxSteps: 20_000 },
  adjoints: {
    discretize: { adjoint: discretize() },
    'discretize, "sqrt"': { adjoint: discretize({ checkpoints: "sqrt" }) },
    reversible: { adjoint: reversible() },
    "backsolve, dop853 at 1e-10": { adjoint: backsolve({ solver: dop853, rtol: 1e-10, atol: 1e-10 }) },
    "interpolating, dop853 at 1e-10": { adjoint: interpolating({ solver: dop853, rtol: 1e-10, atol: 1e-10 }) },
    "interpolating, dop853 at 1e-13": { adjoint: interpolating({ solver: dop853, rtol: 1e-13, atol: 1e-13 }) },
  },
};

const problems: Readonly<Record<string, Problem>> = { robertson, decay, pendulums: long };

/** Milliseconds, KiB and error of one adjoint. */
function measure({ gradient, options, adjoints, p, exact }: Problem, adjoint: string): string[] {
  const expected = exact();
  const memory = new WasmMemory();
  const target: Target = { ...wasm(), program: (tape) => wasmProgram(tape, memory), programs: new ProgramCache() };
  const compiled = compile(gradient({ ...options, ...adjoints[adjoint] }), { target });
  try {
    const found = numbers(compiled(p));
    let least = Infinity;
    for (let k = 0; k < 5; k++) {
      const start = performance.now();
      compiled(p).dataSync();
      least = Math.min(least, performance.now() - start);
    }
    const size = Math.max(...expected.map(Math.abs));
    const error = Math.max(...found.map((x, i) => Math.abs(x - expected[i]!))) / size;
    return [least.toPrecision(2), String(memory.memory.buffer.byteLength / 1024), error.toExponential(1)];
  } catch (error) {
    return ["", "", `raises ${(error as Error).name}`];
  }
}

const rows = Object.entries(problems).flatMap(([name, problem]) =>
  Object.keys(problem.adjoints).map((adjoint) => [name, adjoint, ...measure(problem, adjoint)]),
);
console.log(layout([["problem", "adjoint", "ms", "memory KiB", "relative error"], ...rows], 50));
