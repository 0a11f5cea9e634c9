// The font's own files, resolved as CommonJS so that ES modules and tests that are turned into CommonJS find them alike.
module.exports = ['400Regular/PublicSans_400Regular.ttf', '600SemiBold/PublicSans_600SemiBold.ttf'].map((file) =>
  require.resolve(`@expo-google-fonts/public-sans/${file}`),
);
