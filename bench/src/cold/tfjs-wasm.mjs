import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

// The paths are those of files, and the library says so at length.
console.warn = () => {};
setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
await tf.setBackend("wasm");
console.log(tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dataSync()[0]);
