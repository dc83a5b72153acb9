import { expect, test } from "vitest";
import { progress } from "./progress";

function clock() {
  let seconds = 0;
  return { now: () => new Date(seconds * 1000), pass: (more: number) => (seconds += more) };
}

test("without a terminal there is a plain line every five seconds and one at the end", () => {
  const { now, pass } = clock();
  let text = "";
  const bar = progress({ stderr: { write: (more) => (text += more) }, now });
  bar.start("HNN", 100);
  for (let step = 1; step <= 50; step++) {
    pass(0.25);
    bar.update(step, step === 20 ? 0.05 : undefined);
  }
  bar.end();
  expect(text.split("\n")).toEqual([
    "HNN: 20/100, loss 0.0500, 4.0 steps/s, 20 s left",
    "HNN: 40/100, loss 0.0500, 4.0 steps/s, 15 s left",
    "HNN: 50/100, loss 0.0500, 4.0 steps/s, 13 s left",
    "",
  ]);
});

test("on a terminal there is a bar with rate, loss and time left", () => {
  const { now, pass } = clock();
  let text = "";
  const terminal = {
    write: (more: string) => (text += more),
    isTTY: true,
    columns: 100,
    cursorTo: () => true,
    clearLine: () => true,
    on: () => terminal,
    once: () => terminal,
    emit: () => true,
    removeListener: () => terminal,
  };
  const bar = progress({ stderr: terminal, now });
  bar.start("HNN", 10);
  pass(2);
  bar.update(5, 0.0358);
  bar.end();
  expect(text).toContain("HNN");
  expect(text).toContain("50%");
  expect(text).toContain("2.5 steps/s");
  expect(text).toContain("loss 0.0358");
  expect(text).toContain("2.0 s left");
});

test("updates and ends without a start do nothing", () => {
  const bar = progress({ stderr: { write: () => expect.unreachable() }, now: () => new Date(0) });
  bar.update(1, 1);
  bar.end();
});
