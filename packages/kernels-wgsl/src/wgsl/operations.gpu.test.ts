import { compile, js, type Target, type Tensor, tensor } from "@dzdt/tensor";
import { afterAll, expect, test } from "vitest";
import { webgpu, type WebGpuTarget } from "../index";

const opened: WebGpuTarget[] = [];
afterAll(() => opened.forEach((target) => target.dispose()));

test.each([false, true])("0 · x and 0 / x are NaN where x is not a number, or infinite (df64: %s)", async (df64) => {
  const target = await webgpu({ df64 });
  opened.push(target);
  const numbers = [1, -2, 0, NaN, Infinity, -Infinity];
  const f = (x: Tensor): Tensor[] => {
    const [product, sum] = [x.mul(0), x.mul(0).add(x.mul(2).mul(-0))];
    return [product, sum.equal(0), tensor(0).div(x).add(1), x.div(x), x.sub(x)];
  };
  const on = async (target: Target): Promise<number[][]> => {
    const x = tensor(numbers, { dtype: df64 ? "float64" : "float32", target });
    const found = await Promise.all(compile(f, { target })(x).map((y) => y.data()));
    // Signs of 0 are no matter.
    return found.map((values) => Array.from(values, (value) => value + 0));
  };
  expect(await on(target)).toEqual(await on(js()));
});
