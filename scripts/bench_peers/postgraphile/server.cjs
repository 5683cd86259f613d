// PostGraphile over the schema `grid` of a database: `node server.cjs SOCKET_FOLDER USER DATABASE` prints its port.
// As one would run it: no query log, no explorer, nothing watched; areas and names are JSON and not text with JSON in it.
const http = require("node:http");
const { postgraphile } = require("postgraphile");

const [host, user, database] = process.argv.slice(2);
const middleware = postgraphile({ host, user, database }, "grid", {
  disableDefaultMutations: true,
  disableQueryLog: true,
  dynamicJson: true,
  graphiql: false,
  legacyRelations: "omit",
  retryOnInitFail: false,
  setofFunctionsContainNulls: false,
  simpleCollections: "both",
});
const server = http.createServer(middleware).listen(0, "127.0.0.1", () => console.log(server.address().port));
