/** The version of Zarf whose format is read and written here. */
export const zarfVersion = "v0.84.0";
