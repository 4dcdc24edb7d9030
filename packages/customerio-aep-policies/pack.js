// What `pulumi preview --policy-pack` starts: Pulumi runs the file itself, so it must be JavaScript.
import { PolicyPack } from "@pulumi/policy";
import { relayPolicies } from "customerio-aep-policies";

new PolicyPack("customerio-aep", { policies: relayPolicies });
