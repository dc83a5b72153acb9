import { compile, js, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exactOperations } from "./operations";
import { functionOf, inputOf, type Program, programs } from "./programs";

const describe = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const runs = Number(process.env["RUNS"] ?? 300);

/** What a program gives, with or without compile, on a target. */
const outcome = (program: Program, target: typeof js, compiled: boolean): unknown =>
  withTarget(target(), () => {
    const f = functionOf(program, exactOperations);
    return (compiled ? compile(f) : f)(...program.inputs.map(inputOf)).map(describe);
  });

test("random programs give the same bits eager and compiled, on js and on wasm", () => {
  fc.assert(
    fc.property(programs(exactOperations), (program) => {
      const expected = outcome(program, js, false);
      expect(outcome(program, wasm, true), "wasm, compiled").toEqual(expected);
      expect(outcome(program, js, true), "js, compiled").toEqual(expected);
      expect(outcome(program, wasm, false), "wasm, eager").toEqual(expected);
    }),
    { numRuns: runs },
  );
}, 600_000);
