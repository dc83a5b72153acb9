import { vmap, valueAndGrad } from "@dzdt/autograd";
import { dopri5, odeint, pid, rk4 } from "@dzdt/odeint";
import { compile, stack, type Tensor, tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { type F, normal } from "./webgpu-rows";
import { gpu } from "./webgpu-target";

const lorenz = (_t: Tensor, y: Tensor): Tensor => {
  const [x, v, z] = [0, 1, 2].map((k) => y.slice([k], [k + 1]).reshape([])) as [Tensor, Tensor, Tensor];
  return stack([v.sub(x).mul(10), x.mul(z.neg().add(28)).sub(v), x.mul(v).sub(z.mul(8 / 3))]);
};

const adaptive = { solver: dopri5, controller: pid({ rtol: 1e-4, atol: 1e-5 }) };
const constant = { solver: rk4, dt0: 0.01 };
const times = [0, 0.5, 1];

/** What a program dispatches beside its loops. */
async function besideLoops(f: F, y0: Tensor): Promise<string[]> {
  const target = await gpu();
  const text = withTarget(target, () => compile((y: Tensor) => f(y)).inspect(y0));
  const kernels = [...text.matchAll(/^\/\/ (.*): \d+ workgroups.*$/gm)].map(([, name]) => name!);
  return kernels.filter((name) => !/^(\w+ of each (row|element)|loop goes on)/.test(name));
}

describe.each(Object.entries({ adaptive, constant }))(
  "beside the loop of a solve with %s steps there are few kernels",
  (_name, options) => {
    const one = (y0: Tensor): Tensor => odeint(lorenz, y0, times, options).ys;
    const independent = (y0: Tensor): Tensor => odeint(lorenz, y0, times, { ...options, batch: "independent" }).ys;
    const ensemble = normal(1, 64, 3);

    test("of one trajectory", async () => {
      expect((await besideLoops(one, tensor([1, 1, 1], { dtype: "float32" }))).length).toBeLessThanOrEqual(4);
    });

    test.each([
      ["independent", independent],
      ["mapped", vmap(one)],
    ])("of an ensemble, %s", async (_how, solve) => {
      expect((await besideLoops(solve as F, ensemble)).length).toBeLessThanOrEqual(6);
    });

    test("of an ensemble, and its gradient", async () => {
      const loss = valueAndGrad((y0: Tensor) => independent(y0).square().mean());
      expect((await besideLoops(loss as F, ensemble)).length).toBeLessThanOrEqual(6);
    });
  },
);
