import { expect, test } from "vitest";
import { compile, matmul, tensor, type Tensor, wasm } from "../../../index";
import { threaded } from "../testing/threaded";

test("an isolated page has threads, which give what one gives, to the bit", async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const values = Float32Array.from({ length: 512 * 512 }, (_, i) => Math.sin(i));
  const of = (target = wasm()): Tensor => tensor(values, { target }).reshape([512, 512]);
  const f = (x: Tensor): Tensor => matmul(x.tanh(), x).add(x.exp()).sum(0);
  const [expected, target] = [compile(f)(of()).dataSync(), threaded(2, 1)];
  expect(wasm({ threads: 2 }) === wasm()).toBe(navigator.hardwareConcurrency === 1);
  const shared = compile(f, { target });
  for (let run = 0; run < 5; run++) {
    expect(shared(of(target)).dataSync()).toEqual(expected);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
