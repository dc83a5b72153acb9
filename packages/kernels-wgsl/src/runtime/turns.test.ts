import fc from "fast-check";
import { expect, test } from "vitest";
import { Turns } from "./turns";

test("work is done in the order in which it is given, whatever it waits for", () =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(fc.boolean(), { maxLength: 20 }), async (s, waits) => {
      const turns = new Turns();
      const done: number[] = [];
      waits.forEach((wait, i) => void turns.take(() => done.push(i), wait ? s.schedule(Promise.resolve()) : undefined));
      const first = waits.indexOf(true);
      expect(done.length, "what waits for nothing is done at once").toBe(first < 0 ? waits.length : first);
      await s.waitIdle();
      await turns.take(() => undefined);
      expect(done).toEqual(waits.map((_, i) => i));
    }),
  ));

test("when all is done, work is done at once again", async () => {
  const turns = new Turns();
  const done: string[] = [];
  await turns.take(() => done.push("late"), Promise.resolve());
  expect(turns.take(() => done.push("soon"))).toBeUndefined();
  expect(done).toEqual(["late", "soon"]);
});

test("after the end no work is done, and nobody waits for ever", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const waiting = turns.take(() => done.push("late"), Promise.resolve());
  turns.end();
  expect(turns.take(() => done.push("after"))).toBeUndefined();
  await waiting;
  expect(done).toEqual([]);
});
