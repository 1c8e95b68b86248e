import { describe, expect, it } from "vitest";
import {
  parseRepositoryName,
  repositoryFolder,
  serverRepositoryName,
  serverRepositoryUrl,
  withoutCredentials,
} from "../../../../src/deployer/repositories/index.ts";

describe("names of repositories", () => {
  // Values of Zarf 0.84.
  it.each([
    ["https://github.com/zarf-dev/zarf.git", "zarf-3457133088", "zarf-4156197301"],
    ["https://github.com/zarf-dev/zarf.git@refs/tags/v0.16.0", "zarf-2360044954", "zarf-4156197301"],
    ["https://github.com/stefanprodan/podinfo.git", "podinfo-47672159", "podinfo-1646971829"],
    ["http://127.0.0.1:5088/demo/site.git", "site-2766009005", "site-2056319090"],
  ])("of %s are those of Zarf", (url, folder, server) => {
    expect(repositoryFolder(url)).toBe(folder);
    expect(serverRepositoryName(url)).toBe(server);
  });

  it("count the user, and neither protocol nor reference, on the server", () => {
    expect(serverRepositoryName("ssh://git@github.com/zarf-dev/zarf.git")).toBe("zarf-1231196790");
    expect(serverRepositoryName("http://github.com/zarf-dev/zarf@v1")).toBe("zarf-4156197301");
  });

  it.each([
    ["https://a.example/team/app.git", "https://git.example/pusher/app-2803044094.git"],
    ["https://a.example/team/app", "https://git.example/pusher/app-2803044094"],
  ])("keep the suffix of %s in the server's URL", (url, wanted) => {
    expect(serverRepositoryUrl(url, { address: "https://git.example/", pushUsername: "pusher" })).toBe(
      wanted.replace("2803044094", serverRepositoryName(url).slice("app-".length)),
    );
  });

  it.each([
    ["https://a.example/team/app.git@v1.0.0", "v1.0.0"],
    ["https://a.example/team/app@refs/heads/dev", "refs/heads/dev"],
    ["https://a.example/team/app.git@+main", "main"],
    ["https://user@a.example/x/y/z/app.git/", undefined],
  ])("tell the reference of %s apart", (url, reference) => {
    expect(parseRepositoryName(url).reference).toBe(reference);
    expect(parseRepositoryName(url).repository).toBe("app");
  });

  it.each(["", "app", "https://a.example", "git@a.example:team/app.git", "https://a.example/team/app name"])(
    "refuse %j",
    (url) => {
      expect(() => parseRepositoryName(url)).toThrow(expect.objectContaining({ code: "REPOSITORY_INVALID" }));
    },
  );

  it("are shown without credentials", () => {
    expect(withoutCredentials("https://user:pass@a.example/team/app.git@v1")).toBe("https://a.example/team/app.git@v1");
    expect(withoutCredentials("https://a.example/team/app@v1")).toBe("https://a.example/team/app@v1");
    expect(() => parseRepositoryName("https://user:pass@a.example/ x")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("pass") as string }),
    );
  });
});
