// What the library expects of its host and Node 20 has not. To be imported before it.
const host = globalThis as { navigator?: unknown; Float16Array?: unknown };
host.navigator ??= { userAgent: "node" };
host.Float16Array ??= class Float16Array extends Uint16Array {};
