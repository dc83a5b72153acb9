import { compile, logsumexp, sum, type Tensor, tensor, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { webgpu, type WebGpuTarget } from "./target";

test("folds of a device in a browser have the bits that they have without subgroups", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const [usual, without] = [await webgpu(), await webgpu({ device: await adapter!.requestDevice() })];
  const folds = (x: Tensor): Tensor => sum(x, 1).add(logsumexp(x, 1));
  const [found, expected] = await Promise.all(
    [usual, without].map((target: WebGpuTarget) =>
      withTarget(target, () =>
        compile(folds)(tensor(Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i * i))).reshape([3, 1000])),
      ).data(),
    ),
  );
  expect(found).toEqual(expected);
  const text = withTarget(usual, () => compile(folds).inspect(tensor(new Float32Array(3000)).reshape([3, 1000])));
  expect(text.includes("subgroupShuffleXor")).toBe(usual.device.features.has("subgroups"));
  for (const target of [usual, without]) target.dispose();
});
