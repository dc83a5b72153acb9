import { grad, vmap } from "@dzdt/autograd";
import { webgpu } from "@dzdt/kernels-wgsl";
import { compile, type Tensor, tensor, whileLoop } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

describe("memory for rows of unknown number", () => {
  test("is bounded, however many steps a loop may take", async () => {
    const target = await gpu();
    const steps = compile((x: Tensor) =>
      vmap(
        grad((each: Tensor) =>
          whileLoop(
            (c: Tensor) => c.less(50),
            (c: Tensor) => c.mul(each),
            each,
            { maxSteps: 1_000_000 },
          ),
        ),
      )(x),
    );
    expect(Array.from(await steps(tensor([2, 3, 5], { target })).data())).toEqual([192, 108, 75]);
    expect(target.memory().working).toBeLessThan(2 ** 29);
  });

  test("that runs out says which option makes more of it", async () => {
    const { device } = await gpu();
    const small = await webgpu({ device, rowMemory: 4096 });
    const f = compile((x: Tensor) =>
      grad((y: Tensor) =>
        whileLoop(
          (c: Tensor) => c.less(1e6),
          (c: Tensor) => c.add(y),
          y,
          { maxSteps: 100_000 },
        ),
      )(x),
    );
    await expect(f(tensor(1000, { target: small })).data()).rejects.toThrow(
      /the 4096 bytes for the rows that it keeps have run out.*webgpu\(\{ rowMemory \}\)/,
    );
    await expect(webgpu({ device, rowMemory: -1 })).rejects.toThrow(/webgpu: rowMemory is -1; give a number of bytes/);
  });
});
