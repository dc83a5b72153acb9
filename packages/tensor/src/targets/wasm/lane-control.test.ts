import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../../dtype";
import type { Emitter, Value, Variable } from "../../lower/emitter";
import { failureWord } from "../../lower/heap";
import type { MemoryEmitter } from "../../lower/machine";
import { remainder } from "../../lower/math/remainder";
import { type Rule, compute, counts, instantiate, read, scratch, write } from "./testing/lanes";

const columns = fc.tuple(
  fc.array(fc.integer({ min: -6, max: 12 }), { minLength: 33, maxLength: 33 }),
  fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 33, maxLength: 33 }),
);
const types: DType[] = ["int32", "float32"];

/** The rule gives in lanes what it gives in scalar code. */
function agree(rule: Rule, results: readonly DType[], numRuns = 8): void {
  fc.assert(
    fc.property(columns, fc.constantFrom(...counts), (args, count) => {
      expect(compute(count, types, results, args, rule)).toEqual(compute(0, types, results, args, rule));
    }),
    { numRuns },
  );
}

const int = (k: Emitter, n: number): Value => k.literal("int32", n);
const bump = (k: Emitter, variable: Variable, by: number): void =>
  variable.set(k.add(variable.get(), k.literal(variable.get().dtype, by)));

describe("control flow in lanes", () => {
  test("each lane takes its own branches", () =>
    agree(
      (k, [a, b]) => {
        const [x, y, z] = [k.variable(a!), k.variable(b!), k.variable(k.literal("float64", 0.5))];
        const flag = k.variable(k.less(a!, int(k, 4)));
        k.if(
          k.less(a!, int(k, 3)),
          () => {
            bump(k, x, 100);
            k.if(k.less(b!, k.literal("float32", 2)), () => {
              bump(k, y, 0.25);
              z.set(k.cast(x.get(), "float64"));
              const inner = k.variable(a!);
              inner.set(k.mul(inner.get(), inner.get()));
              k.if(k.less(k.cast(b!, "float64"), z.get()), () => bump(k, inner, 1000));
              x.set(inner.get());
            });
            flag.set(k.less(k.cast(y.get(), "float64"), z.get()));
          },
          () => {
            bump(k, x, -100);
            k.if(
              flag.get(),
              () => bump(k, z, 7),
              () => y.set(k.literal("float32", -1)),
            );
          },
        );
        return [x.get(), y.get(), z.get(), flag.get()];
      },
      ["int32", "float32", "float64", "bool"],
    ));

  test("what all lanes agree on stays scalar code", () =>
    agree(
      (k, [a]) => {
        const x = k.variable(a!);
        const always = k.load("int32", int(k, 4), 0);
        k.if(
          k.equal(always, int(k, 0)),
          () => bump(k, x, 1),
          () => bump(k, x, 2),
        );
        k.loop(k.add(always, int(k, 3)), (i) => x.set(k.add(x.get(), k.mul(i, i))));
        k.loop(2, (i) => x.set(k.sub(x.get(), i)));
        return [x.get()];
      },
      ["int32"],
    ));

  test("each lane goes round as often as it needs to", () =>
    agree(
      (k, [a, b]) => {
        const [steps, sum, wide] = [k.variable(int(k, 0)), k.variable(b!), k.variable(k.literal("float64", 1))];
        k.while(
          () => k.less(steps.get(), a!),
          () => {
            bump(k, steps, 1);
            k.while(
              () => k.less(wide.get(), k.cast(k.mul(steps.get(), steps.get()), "float64")),
              () => {
                wide.set(k.mul(wide.get(), k.literal("float64", 1.5)));
                k.if(
                  k.less(b!, sum.get()),
                  () => bump(k, sum, -0.5),
                  () => bump(k, sum, 1),
                );
              },
            );
          },
        );
        return [steps.get(), sum.get(), wide.get()];
      },
      ["int32", "float32", "float64"],
    ));

  test("loops run as often as each lane's count says", () =>
    agree(
      (k, [a, b]) => {
        const sum = k.variable(int(k, 0));
        const float = k.variable(b!);
        k.loop(a!, (i) => {
          sum.set(k.add(sum.get(), k.mul(i, int(k, 3))));
          k.if(k.less(float.get(), k.cast(i, "float32")), () => bump(k, float, 2));
          k.loop(k.sub(a!, i), () => bump(k, sum, 100));
          k.loop(2, (j) => sum.set(k.add(sum.get(), j)));
        });
        return [sum.get(), float.get()];
      },
      ["int32", "float32"],
    ));

  test("a loop ends for all at once when its condition is the same for all", () =>
    agree(
      (k, [a]) => {
        const sum = k.variable(a!);
        const at = int(k, scratch);
        k.store("int32", at, 0, int(k, 0));
        k.while(
          () => k.less(k.load("int32", at, 0), int(k, 5)),
          () => {
            k.store("int32", at, 0, k.add(k.load("int32", at, 0), int(k, 1)));
            sum.set(k.add(sum.get(), k.load("int32", at, 0)));
          },
        );
        return [sum.get()];
      },
      ["int32"],
    ));

  test("float remainders, a rule of nested loops, are those of scalars when emitted in lanes", () =>
    agree(
      (k, [a, b]) => [
        remainder(k, k.cast(a!, "float32"), b!),
        remainder(k, k.mul(k.cast(a!, "float64"), k.literal("float64", 1e17)), k.cast(b!, "float64")),
      ],
      ["float32", "float64"],
    ));

  test("memory is read and written in the lanes that take part", () => {
    const dtypes = ["float32", "float64", "int32", "bool"] as const;
    for (const count of counts)
      for (const dtype of dtypes)
        fc.assert(
          fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 32, maxLength: 32 }), (kinds) => {
            const size = dtype === "bool" ? 1 : dtype === "float64" ? 8 : 4;
            const moved = (lanes: boolean): number[] => {
              const { run, view } = instantiate((k) => {
                const chunk = lanes ? count : 1;
                const whole = Math.floor(32 / chunk) * chunk;
                const emit = (e: MemoryEmitter, ramp: (base: Value, step: number) => Value, first: Value): void => {
                  const at = (column: number, bytes: number): Value =>
                    ramp(k.add(int(k, column), k.mul(first, int(k, bytes))), bytes);
                  const kind = e.load("int32", at(0, 4), 0);
                  const to = at(8192, size);
                  e.if(
                    e.equal(kind, int(k, 0)),
                    () => e.store(dtype, to, 0, e.load(dtype, at(4096, size), 0)),
                    () => {
                      // Addresses that only those lanes may use in which they were meant.
                      const far = e.mul(e.sub(kind, int(k, 2)), int(k, -(2 ** 28)));
                      e.if(e.equal(kind, int(k, 2)), () => {
                        const loaded = e.load(dtype, e.add(at(4096, size), far), size);
                        e.store(dtype, e.add(to, far), 0, loaded);
                        // At the end of memory, where vectors may not fit.
                        const end = e.add(ramp(k.mul(first, int(k, size)), size), int(k, 8 * 65536 - 8 * size));
                        e.if(e.less(ramp(first, 1), int(k, 8)), () => e.store(dtype, to, 4096, e.load(dtype, end, 0)));
                      });
                    },
                  );
                };
                const v = k.lanes(count)!;
                if (lanes)
                  k.loop(whole / chunk, (i) => emit(v, (base, step) => v.ramp(base, step), k.mul(i, int(k, chunk))));
                k.loop(32 - (lanes ? whole : 0), (i) => emit(k, (base) => base, k.add(i, int(k, lanes ? whole : 0))));
              });
              write(view, "int32", 0, kinds);
              const values = Array.from({ length: 40 }, (_, i) => (dtype === "bool" ? (i * 3) % 2 : i + 1));
              write(view, dtype, 4096, values);
              write(view, dtype, 8 * 65536 - 8 * size, values.slice(0, 8));
              run();
              return [...read(view, dtype, 8192 - 32 * size, 96), ...read(view, dtype, 8192 + 4096 - 32 * size, 96)];
            };
            expect(moved(true)).toEqual(moved(false));
          }),
          { numRuns: 4 },
        );
  });

  test("any and lane look at the lanes that take part", () => {
    for (const count of counts) {
      const { run, view } = instantiate((k) => {
        const v = k.lanes(count)!;
        const x = v.load("float32", v.ramp(int(k, 1024), 4), 0);
        const doubles = v.cast(x, "float64");
        const out = (i: number, value: Value): void => k.store("bool", int(k, 2048), i, value);
        // In lanes that do not exist x is 0.
        out(0, v.any(v.less(x, k.literal("float32", 1))));
        out(1, v.any(v.less(doubles, k.literal("float64", 1))));
        out(2, v.any(v.less(k.literal("float32", count - 0.5), x)));
        v.if(v.less(x, k.literal("float32", count)), () => out(3, v.any(v.equal(x, k.literal("float32", count)))));
        out(4, k.equal(v.lane(x, count - 1), k.literal("float32", count)));
        out(5, k.equal(v.lane(doubles, count - 1), k.literal("float64", count)));
        out(6, v.lane(v.less(doubles, k.literal("float64", count)), count - 1));
        out(7, v.lane(v.equal(doubles, k.literal("float64", count)), count - 1));
        out(8, k.equal(v.lane(v.ramp(int(k, 5), 3), count - 1), int(k, 5 + 3 * (count - 1))));
      });
      write(
        view,
        "float32",
        1024,
        Array.from({ length: count }, (_, i) => i + 1),
      );
      run();
      expect(read(view, "bool", 2048, 9), `${count} lanes`).toEqual([0, 0, 1, 0, 1, 1, 0, 1, 1]);
    }
  });

  test("upTo counts the lanes in which a condition holds, up to and with each", () =>
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
        fc.constantFrom(...counts),
        (flags, count) => {
          const { run, view } = instantiate((k) => {
            const v = k.lanes(count)!;
            const x = v.load("float32", v.ramp(int(k, 1024), 4), 0);
            const out = (i: number, value: Value): void =>
              v.store("int32", v.ramp(int(k, 2048 + 256 * i), 4), 0, value);
            out(0, v.upTo(v.less(v.literal("float32", 0), x)));
            out(1, v.upTo(v.less(v.literal("float64", 0), v.cast(x, "float64"))));
            out(2, v.upTo(k.load("bool", int(k, 1020), 0)));
          });
          write(view, "float32", 1024, flags.map(Number));
          write(view, "bool", 1020, [1]);
          run();
          let sum = 0;
          const sums = flags.slice(0, count).map((flag) => (sum += Number(flag)));
          expect(read(view, "int32", 2048, count)).toEqual(sums);
          expect(read(view, "int32", 2048 + 256, count)).toEqual(sums);
          expect(read(view, "int32", 2048 + 512, count)).toEqual(sums.map((_, lane) => lane + 1));
        },
      ),
      { numRuns: 40 },
    ));

  test("the failure of the first lane that takes part is noted", () => {
    for (const count of [3, 4, 8])
      for (const limit of [1, 2, count]) {
        const { run, view } = instantiate((k) => {
          const v = k.lanes(count)!;
          const code = v.load("int32", v.ramp(int(k, 1024), 4), 0);
          const from = v.load("int32", v.ramp(int(k, 2048), 4), 0);
          v.if(v.less(from, int(k, limit)), () => v.fail(code));
        });
        const codes = [9, 0, 4, 3, 0, 0, 1, 0].slice(0, count);
        // The last lanes take part, so the first failure is not that of lane 0.
        const from = codes.map((_, i) => count - 1 - i);
        write(view, "int32", 1024, codes);
        write(view, "int32", 2048, from);
        run();
        const first = codes.find((x, i) => x !== 0 && from[i]! < limit) ?? 0;
        expect(read(view, "int32", failureWord, 1), `${count} ${limit}`).toEqual([first]);
      }
  });
});
