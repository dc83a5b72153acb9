import { describe, expect, test } from "vitest";
import { compile, js, ones, type Tensor, TraceError, wasm } from "./index";

const sizes = { small: 2, large: 2 ** 15 };

describe.each([
  ["js", js],
  ["wasm", wasm],
] as const)("on %s", (_name, targetOf) => {
  describe.each(Object.entries(sizes))("a %s tensor", (_size, n) => {
    const made = (): Tensor => ones([n], { target: targetOf() }).add(1);

    test("that was disposed throws wherever it is used", async () => {
      const x = made();
      const other = made();
      const closed = compile((y: Tensor) => y.add(x));
      expect(closed(other).sum().itemSync()).toBe(4 * n);
      x.dispose();
      const double = compile(function double(y: Tensor) {
        return y.mul(2);
      });
      for (const use of [
        () => x.add(1),
        () => other.add(x),
        () => double(x),
        () => closed(other),
        () => compile((y: Tensor) => y.mul(x))(other),
        () => x.dataSync(),
        () => x.arraySync(),
        () => x.reshape([n, 1]),
        () => x.to(targetOf()),
      ]) {
        expect(use).toThrow(TraceError);
        expect(use).toThrow(`a float32[${n}] tensor was disposed`);
      }
      expect(() => double(x)).toThrow(/^double: .*; dispose of it after its last use$/);
      await expect(x.data()).rejects.toThrow(/disposed/);
      expect(x.toString()).toBe(`Tensor(disposed, float32[${n}])`);
      expect(other.sum().itemSync()).toBe(2 * n);
    });

    test("ends with those that share its memory, whichever of them is disposed", () => {
      for (const end of [0, 1, 2]) {
        const x = made();
        const views = [x, x.reshape([n, 1]), x.reshape([n, 1]).reshape([1, n])];
        const apart = x.mul(1);
        views[end]!.dispose();
        for (const view of views)
          expect(() => view.dataSync()).toThrow(/was disposed, or one that shares its memory was/);
        expect(apart.sum().itemSync()).toBe(2 * n);
      }
    });

    test("may be disposed twice, and after it was donated", () => {
      const [x, y] = [made(), made()];
      x.dispose();
      x.dispose();
      const taken = compile((a: Tensor) => a.add(1), { donate: [0] })(y);
      y.dispose();
      expect(() => y.dataSync()).toThrow(/donated/);
      expect(y.toString()).toBe(`Tensor(donated, float32[${n}])`);
      expect(taken.sum().itemSync()).toBe(3 * n);
    });

    test("that is donated takes those with it that share its memory", () => {
      const x = made();
      const view = x.reshape([1, n]);
      compile((a: Tensor) => a.add(1), { donate: [0] })(x);
      expect(() => view.add(1)).toThrow(/donated/);
    });

    test("is disposed at the end of its block by using", () => {
      let outside: Tensor;
      {
        using x = made();
        outside = x;
        expect(x.sum().itemSync()).toBe(2 * n);
      }
      expect(() => outside.dataSync()).toThrow(/disposed/);
    });
  });

  test("to dispose of a traced tensor does nothing", () => {
    const f = compile((x: Tensor) => {
      using y = x.add(1);
      return y.mul(2);
    });
    expect(f(ones([2], { target: targetOf() })).arraySync()).toEqual([4, 4]);
  });
});
