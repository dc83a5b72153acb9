import fc from "fast-check";
import { expect, test } from "vitest";
import { Frame } from "./frame";

test("blocks in use never overlap, lie within the frame, and all memory is one gap again when they are returned", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ bytes: fc.nat({ max: 100 }), drop: fc.nat() }), { maxLength: 60 }), (steps) => {
      const frame = new Frame(0);
      const live: { offset: number; end: number }[] = [];
      for (const { bytes, drop } of steps) {
        if (drop % 3 === 0 && live.length) frame.free(live.splice(drop % live.length, 1)[0]!.offset);
        else {
          const offset = frame.allocate(bytes);
          const block = { offset, end: offset + Math.max(bytes, 1) };
          expect(live.every((other) => other.end <= block.offset || block.end <= other.offset)).toBe(true);
          expect(block.end).toBeLessThanOrEqual(frame.bytes);
          live.push(block);
        }
      }
      for (const { offset } of live) frame.free(offset);
      const whole = frame.bytes;
      if (whole > 0) expect(frame.allocate(whole)).toBe(0);
      expect(frame.bytes).toBe(whole);
    }),
  );
});

test("frames of functions that call others twice grow by what is theirs, not by what the others have", () => {
  const bytesOf = (depth: number): number => {
    if (depth === 0) return 64;
    const [frame, called] = [new Frame(0), bytesOf(depth - 1)];
    for (let call = 0; call < 2; call++) {
      frame.allocate(16);
      frame.free(frame.allocate(called));
    }
    return frame.bytes;
  };
  for (let depth = 1; depth < 20; depth++) expect(bytesOf(depth)).toBe(bytesOf(depth - 1) + 32);
});
