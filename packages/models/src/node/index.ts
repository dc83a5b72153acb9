export { fileStore } from "./fileStore";
export type { FileStore } from "./fileStore";
