import { expect, test } from "vitest";
import { compile, matmul, tensor, type Tensor, wasm } from "../../../index";

test("an isolated page has threads, which give what one gives, to the bit", async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const values = Float32Array.from({ length: 512 * 512 }, (_, i) => Math.sin(i));
  const of = (target = wasm()): Tensor => tensor(values, { target }).reshape([512, 512]);
  const f = (x: Tensor): Tensor => matmul(x.tanh(), x).add(x.exp()).sum(0);
  const [expected, target] = [compile(f)(of()).dataSync(), wasm({ threads: 2 })];
  expect(target).not.toBe(wasm());
  const threaded = compile(f, { target });
  for (let run = 0; run < 5; run++) {
    expect(threaded(of(target)).dataSync()).toEqual(expected);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
