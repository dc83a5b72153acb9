import { expect, test } from "vitest";
import { interrupt } from "./interrupt";

test("the first Ctrl-C asks to stop, the second leaves at once, and afterwards nobody listens", () => {
  let press: (() => void) | undefined;
  const exits: number[] = [];
  let text = "";
  const { signal } = interrupt({
    stderr: { write: (more) => (text += more) },
    onInterrupt: (callback) => {
      press = callback;
      return () => (press = undefined);
    },
    exit: (code) => exits.push(code),
  });
  press?.();
  expect(signal.aborted).toBe(true);
  expect(text).toContain("press Ctrl-C again to leave at once");
  expect(exits).toEqual([]);
  press?.();
  expect(exits).toEqual([130]);
  expect(press).toBeUndefined();
});
