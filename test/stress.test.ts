import { grad, hvp, jvp, vmap } from "@dzdt/autograd";
import { compile, cond, fori, scan, sum, tanh, tensor, type Tensor, whileLoop } from "@dzdt/tensor";
import { expect, test } from "vitest";

const f64 = (x: Parameters<typeof tensor>[0]): Tensor => tensor(x, { dtype: "float64" });
const timed = <R>(what: string, run: () => R): R => {
  const start = performance.now();
  const result = run();
  console.info(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s`);
  return result;
};

const count = 100_000;
const chain = (x: Tensor): Tensor => {
  let y = x;
  for (let n = 0; n < count; n++) y = n % 3 === 0 ? y.mul(0.99999) : n % 3 === 1 ? y.add(x) : tanh(y);
  return y;
};
/** The derivative of the chain by numbers. */
function slope(x: number): number {
  let [y, d] = [x, 1];
  for (let n = 0; n < count; n++) {
    if (n % 3 === 0) [y, d] = [y * 0.99999, d * 0.99999];
    else if (n % 3 === 1) [y, d] = [y + x, d + 1];
    else [y, d] = [Math.tanh(y), d * (1 - Math.tanh(y) ** 2)];
  }
  return d;
}

test("a chain of 100,000 operations passes through every transform, compiled and not", () => {
  const x = f64(0.3);
  const expected = slope(0.3);
  const near = (y: Tensor): void => expect(y.itemSync() / expected).toBeCloseTo(1, 6);
  near(timed("grad", () => grad(chain)(x)));
  near(timed("compiled grad", () => compile(grad(chain))(x)));
  near(timed("jvp", () => jvp(chain, [x], [f64(1)])[1]));
  const rows = timed("vmap", () => vmap(chain)(f64([0.3, 0.4])));
  expect(rows.dataSync()[0]).toBeCloseTo(chain(x).itemSync(), 10);
}, 600_000);
