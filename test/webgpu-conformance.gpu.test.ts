import { isFloat, js, type Primitive, type Tensor } from "@dzdt/tensor";
import {
  assertClose,
  type Case,
  casesOf,
  extremesIn,
  fromNumbers,
  inputsOf,
  nameOf,
  primitives,
  tolerance,
} from "@dzdt/tensor/testing";
import { describe, expect, test } from "vitest";
import { copied, fetched, gpu, inSingle, runCase } from "./webgpu-target";

const every = Object.values(primitives) as unknown as Primitive[];

/** Cases as they are in float32, each once; the words of doubles have no counterpart. */
function singleCases(op: Primitive): Case[] {
  const seen = new Set<string>();
  return casesOf(op)
    .filter((c) => !(op.name === "unitFloat" && c.attributes["dtype"] === "float64"))
    .map(inSingle)
    .filter((c) => {
      const key = nameOf(c).replaceAll("float64", "float32");
      return seen.has(key) ? false : seen.add(key);
    });
}

/** Checks all cases: the device works on them while others are prepared. */
async function agree(cases: readonly { readonly c: Case; readonly ins: readonly Tensor[] }[]): Promise<void> {
  const target = await gpu();
  const checks = cases.map(async ({ c, ins }) => {
    const single = ins.map((x) => copied(x, js()));
    const expected = runCase(c, single);
    const found = runCase(
      c,
      single.map((x) => copied(x, target)),
    );
    for (const [k, out] of found.entries())
      assertClose(
        await fetched(out, js()),
        await fetched(expected[k]!, js()),
        tolerance(c.op.name, out.dtype, "webgpu"),
        `${nameOf(c)} result ${k}`,
      );
  });
  await Promise.all(checks);
}

describe.each(every.map((op) => [op.name, op] as const))("%s", (_name, op) => {
  const cases = singleCases(op);

  test("webgpu gives what js gives", async () => {
    expect(cases.length).toBeGreaterThan(0);
    await agree(cases.map((c) => ({ c, ins: inputsOf(c, 1, js()) })));
  });

  const mapped = cases.filter(
    (c) =>
      op.fusion === "map" &&
      c.ins.length <= 2 &&
      op.name !== "triangle" &&
      c.ins.every((x) => isFloat(x.dtype) || x.dtype === "int32"),
  );
  if (mapped.length === 0) return;
  test("targets agree at the extremes", async () => {
    const seen = new Set<string>();
    const found = mapped.flatMap((c) => {
      const key = c.ins.map((x) => (x.dtype === "int32" ? "int32" : "float32")).join() + JSON.stringify(c.attributes);
      if (seen.has(key)) return [];
      seen.add(key);
      const values =
        c.ins[0]!.dtype === "int32" ? [0, 1, -1, 7, 31, 32, 2 ** 31 - 1, -(2 ** 31)] : extremesIn(op.domain);
      const pairs = c.ins.length === 1 ? values.map((x) => [x]) : values.flatMap((x) => values.map((y) => [x, y]));
      const ins = c.ins.map((x, j) =>
        fromNumbers(
          pairs.map((pair) => pair[j]!),
          x.dtype,
          [pairs.length],
          js(),
        ),
      );
      return [{ c, ins }];
    });
    await agree(found);
  });
});
