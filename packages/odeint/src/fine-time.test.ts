import { grad } from "@dzdt/autograd";
import { js, type Tensor, tensor, wasm } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactly, type FineTime, later, laterBy, sameTime, since } from "./fine-time";

const times = fc.double({ min: -1e7, max: 1e7, noNaN: true });
const lengths = fc.double({ min: 1e-6, max: 1e3, noNaN: true });

describe.each([
  ["js", js()],
  ["wasm", wasm()],
])("times of single floats on %s", (_name, target) => {
  const single = (x: number): Tensor => tensor(x, { dtype: "float32", target });
  const fine = (x: number): FineTime => ({ t: single(x), rest: [single(x - Math.fround(x))] });
  const value = ({ t, rest }: FineTime): number => t.itemSync() + (rest[0]?.itemSync() ?? 0);
  const near = (found: number, expected: number, error: number): void =>
    expect(Math.abs(found - expected)).toBeLessThanOrEqual(error);

  test("a step leads to the time that it should, and back to its length", () => {
    fc.assert(
      fc.property(times, lengths, (from, length) => {
        const h = Math.fround(length);
        const start = fine(from);
        const end = later(start, single(h));
        near(value(end), value(start) + h, 2 ** -46 * (Math.abs(from) + h));
        near(since(end, start).itemSync(), h, 2 ** -22 * h + 2 ** -46 * Math.abs(from));
        near(end.rest[0]!.itemSync(), 0, 2 ** -24 * Math.abs(end.t.itemSync()) + 2 ** -126);
      }),
    );
  });

  test("many steps at once", () => {
    fc.assert(
      fc.property(times, lengths, fc.integer({ min: 0, max: 2 ** 20 }), (from, length, count) => {
        const h = Math.fround(length);
        const end = laterBy(fine(from), single(h), single(count));
        near(value(end), value(fine(from)) + count * h, 2 ** -44 * (Math.abs(from) + count * h));
      }),
    );
  });

  test("sums of many steps are off by far less than a float", () => {
    let time = exactly(single(1e6));
    for (let n = 0; n < 1000; n++) time = later(time, single(0.01));
    near(value(time), 1e6 + 1000 * Math.fround(0.01), 1e-7);
  });

  test("times are the same in all digits, or not", () => {
    const [a, b] = [fine(1e6 + 0.01), fine(1e6 + 0.02)];
    expect(a.t.itemSync()).toBe(b.t.itemSync());
    expect(sameTime(a, b).itemSync()).toBe(0);
    expect(sameTime(a, fine(1e6 + 0.01)).itemSync()).toBe(1);
    near(since(b, a).itemSync(), 0.01, 1e-8);
  });

  test("derivatives are those of exact sums", () => {
    const end = (t: Tensor): Tensor => {
      const { t: time, rest } = laterBy(later(exactly(t), t.mul(0.1)), t.mul(0.01), single(7));
      return time.add(rest[0]!).add(since(exactly(t.mul(3)), exactly(t)));
    };
    near(grad(end)(single(1234.5)).itemSync(), 1.1 + 0.07 + 2, 1e-6);
  });

  test("float64 has nothing to leave", () => {
    const t = tensor(0.1, { dtype: "float64", target });
    expect(exactly(t).rest).toEqual([]);
    const { t: end, rest } = later(exactly(t), t);
    expect([end.itemSync(), rest.length]).toEqual([0.2, 0]);
  });
});
