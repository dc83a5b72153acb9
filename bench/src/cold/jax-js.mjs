globalThis.navigator ??= /** @type {never} */ ({ userAgent: "node" });
const { defaultDevice, init, numpy } = await import("@jax-js/jax");

await init("wasm");
defaultDevice("wasm");
console.log((await numpy.matmul(numpy.ones([64, 64]), numpy.ones([64, 64])).data())[0]);
