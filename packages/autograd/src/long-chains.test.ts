import { js, type Tensor, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { grad, jvp, vmap } from "./index";
import { f64, numbersOf } from "./testing/numbers";

// The root's stress suite does 100,000 on wasm; here the oracle is the target, which is slower to prepare.
const count = 20_000;
const chain = (x: Tensor): Tensor => {
  let y = x;
  for (let n = 0; n < count; n++) y = n % 2 ? y.mul(1.00001) : y.add(x);
  return y;
};
const slope = ((): number => {
  let d = 1;
  for (let n = 0; n < count; n++) d = n % 2 ? d * 1.00001 : d + 1;
  return d;
})();

test("20,000 operations and numbers of the user's do not overflow a stack under grad, jvp or vmap", () => {
  const near = (x: number | undefined, by = 1): void => expect(x! / (slope * by)).toBeCloseTo(1, 2);
  withTarget(js(), () => {
    near(numbersOf(grad(chain)(f64(1)))[0]);
    near(numbersOf(jvp(chain, [f64(1)], [f64(2)]))[1], 2);
    near(numbersOf(vmap(chain)(f64([1, 3])))[1], 3);
  });
}, 120_000);
