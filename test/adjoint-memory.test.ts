import { grad } from "@dzdt/autograd";
import {
  type Adjoint,
  backsolve,
  discretize,
  interpolating,
  leapfrog,
  odeint,
  reversible,
  rk4,
  separable,
} from "@dzdt/odeint";
import { compile, ProgramCache, type Target, type Tensor, wasm, withTarget, zeros } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { WasmMemory } from "../packages/tensor/src/targets/wasm/memory";
import { wasmProgram } from "../packages/tensor/src/targets/wasm/program";

const chain = separable<Tensor, Tensor>({ velocity: (p) => p, force: (q) => q.sin().neg() });

/** KiB that the memory of programs has grown to, for the gradient of n steps of a state of 8 KiB between two of `outputs` times. */
function memoryFor(n: number, adjoint: Adjoint, outputs = 2): number {
  const memory = new WasmMemory();
  const target: Target = { ...wasm(), program: (tape) => wasmProgram(tape, memory), programs: new ProgramCache() };
  const ts = Array.from({ length: outputs }, (_, k) => (k * n) / (outputs - 1) / 1000);
  const solver = adjoint.kind === "custom" && adjoint.name !== "reversible" ? rk4 : leapfrog;
  const loss = (q: Tensor): Tensor =>
    odeint(chain, { q, p: q.mul(0.5) }, ts, { solver, dt0: 1e-3, maxSteps: n, adjoint }).ys.q.sum();
  withTarget(target, () => compile(grad(loss))(zeros([512], { dtype: "float64" })).dataSync());
  return memory.memory.buffer.byteLength / 1024;
}

test("memory of a gradient through n steps with a state of 8 KiB is as said", () => {
  const kept = 8 * 1024;
  expect(memoryFor(1024, discretize())).toBeGreaterThan(kept);
  for (const adjoint of [reversible(), backsolve()]) {
    const few = memoryFor(64, adjoint);
    expect(few).toBeLessThan(1024);
    expect(memoryFor(1024, adjoint)).toBe(few);
  }
  expect(memoryFor(1024, interpolating())).toBeGreaterThan(kept);
  expect(memoryFor(1024, interpolating(), 33)).toBeLessThan(kept / 2);
});
