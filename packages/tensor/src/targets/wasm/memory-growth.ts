import type { Value } from "../../lower/emitter";
import type { MachineEmitter } from "../../lower/machine";
import type { FunctionCode } from "./emit-code";
import { op } from "./encode";

/** Grows memory so that addresses below `end` are valid; traps when there is no more. */
export function ensureMemory(k: MachineEmitter, code: FunctionCode, end: Value): void {
  const bytes = k.bitcast(end, "uint32");
  const u32 = (n: number): Value => k.literal("uint32", n);
  const pages = k.add(k.shiftRight(bytes, u32(16)), k.cast(k.notEqual(k.and(bytes, u32(0xffff)), u32(0)), "uint32"));
  const size = code.emit("uint32", [], op.memorySize, 0);
  const grow = (by: Value): Value => code.emit("int32", [by], op.memoryGrow, 0);
  const failed = (result: Value): Value => k.equal(result, k.literal("int32", -1));
  k.if(k.less(size, pages), () => {
    const needed = k.sub(pages, size);
    // Growing by half at least keeps the number of times low for programs that ask again and again.
    k.if(failed(grow(k.max(needed, k.shiftRight(size, u32(1))))), () => k.if(failed(grow(needed)), () => k.trap()));
  });
}
