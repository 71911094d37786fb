import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

new PolicyPack("federation", { enforcementLevel: "mandatory", policies });
