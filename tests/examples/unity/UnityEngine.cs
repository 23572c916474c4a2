// What AvatarStream.cs uses of Unity, so that it can be compiled and run without it. Textures keep
// what they were given, nothing is decoded: the size of a JPEG is the one that the test sets.

using System;

namespace UnityEngine
{
    public class Object
    {
        public static void Destroy(Object what) => (what as Texture2D)?.Die();
    }

    public class MonoBehaviour : Object { }

    public class Material : Object
    {
        public Texture2D mainTexture { get; set; }
    }

    public class Renderer : Object
    {
        public Material material { get; } = new Material();
    }

    public enum TextureFormat { RGB24 = 3, RGBA32 = 4 }

    public class Texture2D : Object
    {
        public int width { get; private set; }
        public int height { get; private set; }
        public TextureFormat format { get; private set; }

        public static int JpegWidth, JpegHeight;
        public static int Alive;
        public byte[] Given;
        public int Uploads;

        public Texture2D(int width, int height, TextureFormat format, bool mipChain)
        {
            Alive++;
            Reinitialize(width, height, format, mipChain);
        }

        public bool Reinitialize(int width, int height, TextureFormat format, bool hasMipMap)
        {
            this.width = width;
            this.height = height;
            this.format = format;
            return true;
        }

        public void LoadRawTextureData(byte[] data)
        {
            if (data.Length < width * height * 3) throw new Exception("not enough data");
            Given = data;
        }

        public void Apply(bool updateMipmaps) => Uploads++;

        internal void Load(byte[] jpeg)
        {
            Reinitialize(JpegWidth, JpegHeight, TextureFormat.RGB24, false);
            Given = jpeg;
            Uploads++;
        }

        internal void Die() => Alive--;
    }

    public static class ImageConversion
    {
        public static bool LoadImage(this Texture2D tex, byte[] data)
        {
            bool jpeg = data.Length > 2 && data[0] == 0xff && data[1] == 0xd8;
            if (jpeg) tex.Load(data);
            return jpeg;
        }
    }

    public static class Time
    {
        public static float unscaledTime { get; set; }
    }

    public static class Debug
    {
        public static Exception Logged;

        public static void LogException(Exception exception, Object context) => Logged = exception;
    }

    [AttributeUsage(AttributeTargets.Field)]
    public class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string tooltip) { }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class AddComponentMenuAttribute : Attribute
    {
        public AddComponentMenuAttribute(string menuName) { }
    }
}
