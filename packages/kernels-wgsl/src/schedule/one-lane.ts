import { Lowering, type MachineModule, type Plan } from "@dzdt/tensor/lower";

/** Plans count on vectors of several lanes; an invocation is one lane. */
export function withOneLane(plan: Plan): Plan {
  return {
    ...plan,
    inner: new Map([...plan.inner].map(([node, plans]) => [node, plans.map(withOneLane)])),
    inRegisters: new Map(
      [...plan.inRegisters].map(([node, mode]) => [
        node,
        mode === "steps" ? mode : { count: 1, groups: 1, bytes: mode.bytes / mode.count, inTurn: false },
      ]),
    ),
  };
}

/** Lowering where all plans have one lane. */
export function oneLaneLowering(module: MachineModule): Lowering {
  const lowering = new Lowering(module);
  const { callee } = lowering;
  const made = new Map<unknown, ReturnType<typeof callee>>();
  return Object.assign(lowering, {
    callee: (tape: Parameters<typeof callee>[0]) => {
      const called = callee(tape);
      let known = made.get(called);
      if (!known) made.set(called, (known = { plan: withOneLane(called.plan), bytes: called.bytes }));
      return known;
    },
  });
}
