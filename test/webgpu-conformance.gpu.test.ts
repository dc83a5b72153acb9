import { conformance } from "./webgpu-conformance";

conformance();
