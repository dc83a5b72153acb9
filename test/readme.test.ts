import { readFileSync } from "node:fs";
import { grad } from "@dzdt/autograd";
import { odeint, tsit5 } from "@dzdt/odeint";
import { tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";

test("the example of the README gives the numbers that it shows", () => {
  const shown = [...readFileSync("README.md", "utf8").matchAll(/itemSync\(\); \/\/ (\S+)…/g)].map(([, number]) =>
    Number(number!.replace("−", "-")),
  );
  const end = (k: Tensor): Tensor =>
    odeint((_t, y: Tensor) => y.mul(k).neg(), tensor(1, { dtype: "float64" }), [0, 1], { solver: tsit5 })
      .ys.slice([1], [2])
      .sum();
  const k = tensor(2, { dtype: "float64" });
  const found = [end(k).itemSync(), grad(end)(k).itemSync()];
  expect(found.map((x) => Math.trunc(x * 1e4) / 1e4)).toEqual(shown);
});
