import type { TypedArray } from "../../dtype";
import { formatTape } from "../../format";
import { keyOfTape } from "../../key";
import { prune } from "../../passes/prune";
import { type Program, ProgramCache, type Target } from "../target";
import { interpreter } from "./interpret";

let only: Target | undefined;
/** What an interpreter holds for each character of its tape's key, as measured on solves with gradients. */
const bytesForKey = 150;

/** The oracle that other targets are checked against: an interpreter, slow and obvious. No code generation, so it runs under any CSP. */
export function js(): Target {
  return (only ??= Object.freeze<Target>({
    name: "js",
    supports: () => true,
    program: (tape): Program => {
      const pruned = prune(tape);
      const run = interpreter(pruned);
      return {
        bytes: bytesForKey * keyOfTape(tape).length,
        run: (inputs) => {
          const given = inputs as TypedArray[];
          // Results share no memory: an output may be an input, a row of one, or another output.
          const taken = new Set(given.map((x) => x.buffer));
          return run(given).map((out) => {
            if (taken.has(out.buffer)) return out.slice();
            taken.add(out.buffer);
            return out;
          });
        },
        inspect: () => formatTape(pruned),
      };
    },
    upload: (values) => values,
    read: (storage) => storage as TypedArray,
    programs: new ProgramCache(),
  }));
}
