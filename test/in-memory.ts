import { ProgramCache, type Target } from "@dzdt/tensor";
import { withoutRegisters } from "../packages/tensor/src/lower/registers/switch";

/** The same target, where no loop fits registers. */
export const inMemory = (target: Target): Target => ({
  ...target,
  program: (tape) => withoutRegisters(() => target.program(tape)),
  programs: new ProgramCache(),
});
