import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Help } from "./help";

/** Which runs have help, given what the n-th takes alone and with it, and what all took. */
function runs(help: Help, count: number, alone: (n: number) => number, helped: (n: number) => number) {
  const asked: boolean[] = [];
  let time = 0;
  for (let n = 0; n < count; n++) {
    const { wanted } = help;
    asked.push(wanted);
    const took = (wanted ? helped : alone)(n);
    help.took(took);
    time += took;
  }
  return { asked, time };
}

const share = (asked: readonly boolean[]): number => asked.filter((wanted) => wanted).length / asked.length;
const seconds = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

describe("help", () => {
  test("is asked for at first", () => {
    expect(new Help().wanted).toBe(true);
  });

  test("that saves a tenth is asked for, and other help is not, but now and then", () => {
    fc.assert(
      fc.property(seconds, fc.double({ min: 0.01, max: 100, noNaN: true }), (alone, ratio) => {
        fc.pre(Math.abs(ratio - 0.9) > 1e-9);
        const help = new Help();
        const of = (count: number): number =>
          share(
            runs(
              help,
              count,
              () => alone,
              () => alone * ratio,
            ).asked,
          );
        of(1000);
        expect(of(1024)).toBeCloseTo(ratio < 0.9 ? 1 : 0, 1.5);
      }),
    );
  });

  test("costs little where it is of no use, and its trials little where it is", () => {
    const time = (ratio: number): number =>
      runs(
        new Help(),
        3000,
        () => 1,
        () => ratio,
      ).time / 3000;
    for (const ratio of [1, 1.2, 1.5, 2]) expect(time(ratio)).toBeLessThan(1.02);
    for (const ratio of [0.3, 0.5, 0.8]) expect(time(ratio)).toBeLessThan(ratio + 0.02);
  });

  test("is asked for again where processors come back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 2000 }), (count) => {
        const help = new Help();
        runs(
          help,
          count,
          () => 1,
          () => 1.3,
        );
        // Trials are 256 runs apart at most; the first may have begun before.
        runs(
          help,
          2 * (256 + 2),
          () => 1,
          () => 0.6,
        );
        expect(
          Math.round(
            share(
              runs(
                help,
                32,
                () => 1,
                () => 0.6,
              ).asked,
            ),
          ),
        ).toBe(1);
      }),
    );
  });

  test("is given up soon where processors go, not for a run that was held up", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 2000 }), (count) => {
        const help = new Help();
        runs(
          help,
          count,
          () => 1,
          () => 0.6,
        );
        runs(
          help,
          1,
          () => 2,
          () => 2,
        );
        expect(
          share(
            runs(
              help,
              32,
              () => 1,
              () => 0.6,
            ).asked,
          ),
        ).toBeGreaterThan(0.8);
        runs(
          help,
          16,
          () => 1,
          () => 1.3,
        );
        expect(
          share(
            runs(
              help,
              16,
              () => 1,
              () => 1.3,
            ).asked,
          ),
        ).toBeLessThan(0.2);
      }),
    );
  });
});
