// In place of @npmcli/arborist, which Pulumi's SDK loads, with all of npm, for serializing functions. Nothing here does that, and it was a
// third of the time of loading the SDK.
module.exports = {};
