// A real OpenID provider (panva's oidc-provider) for the tests: node provider.mjs '{"port": …, "keys": …, …}'
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { modules, port, keys, clients, people } = JSON.parse(process.argv[2]);
const { default: Provider } = await import(pathToFileURL(createRequire(modules).resolve("oidc-provider")).href);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  jwks: { keys },
  cookies: { keys: ["test"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  // Its own pages of sign-in take any password; who signs in is what was typed as the name.
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: { devInteractions: { enabled: true } },
});
provider.listen(port, "127.0.0.1", () => console.log("ready"));
