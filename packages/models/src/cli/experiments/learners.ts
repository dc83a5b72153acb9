import type { Tensor, Tree } from "@dzdt/tensor";
import { fieldNetwork } from "../../field-network";
import { hnn } from "../../hnn";
import type { Ink } from "../../report/report";

/** A model with the name and colour it has in tables and figures. */
export interface Learner {}
