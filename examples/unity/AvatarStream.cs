// Shows an avatar stream on a Renderer: NetMQ receives on a thread of its own, the newest picture is
// uploaded to a Texture2D on Unity's main thread. How to set it up is in README.md beside this file.

using System;
using System.Collections.Generic;
using System.Threading;
using NetMQ;
using NetMQ.Sockets;
using UnityEngine;

namespace HeadsetAvatar
{
    [AddComponentMenu("Avatar/Avatar Stream")]
    public sealed class AvatarStream : MonoBehaviour
    {
        [Tooltip("As launch.py prints it: tcp://HOST:PORT")]
        public string address = "tcp://127.0.0.1:5555";
        [Tooltip("The stream's name: launch.py --stream")]
        public string stream = "main";
        [Tooltip("Its material shows the avatar; leave it empty and use the property Texture instead")]
        public Renderer target;
        [Tooltip("Written while it runs; nothing to set")]
        public string status = "";

        /// <summary>The avatar; the same object for as long as this component lives.</summary>
        public Texture2D Texture { get; private set; }

        /// <summary>The picture shown now; null before the first.</summary>
        public AvatarPacket Shown { get; private set; }

        /// <summary>The camera is away: what is shown is its last picture.</summary>
        public bool SourceLost => Shown != null && (Shown.Flags & AvatarFlags.SourceLost) != 0;

        /// <summary>
        /// From the camera's picture till now, in milliseconds. Right on the publisher's machine;
        /// on another one as far as the two clocks agree.
        /// </summary>
        public double AgeMs => Shown == null ? 0 : (UnixUs() - (double)Shown.CaptureUs) / 1000;

        /// <summary>Whole messages.</summary>
        public uint Received { get; private set; }
        /// <summary>Messages that are missing between the ones that came.</summary>
        public uint Lost { get; private set; }
        /// <summary>Messages that were not of this protocol, or damaged.</summary>
        public uint Refused { get; private set; }
        /// <summary>Pictures that Unity could not decode, though they came undamaged.</summary>
        public uint Undecodable { get; private set; }
        /// <summary>How often the publisher was started again.</summary>
        public uint Restarts { get; private set; }

        static int running;

        Thread thread;
        volatile bool stopping;
        Picture newest; // handed from thread to thread by Interlocked.Exchange
        AvatarPacket last;
        float statusTime;

        sealed class Picture
        {
            public AvatarPacket Packet;
            public byte[] Bytes;
        }

        void OnEnable()
        {
            AsyncIO.ForceDotNet.Force(); // NetMQ's own way to wait for the network fails in Unity
            if (Texture == null) Texture = new Texture2D(2, 2, TextureFormat.RGB24, false);
            if (target != null) target.material.mainTexture = Texture;
            running++;
            stopping = false;
            last = null; // what came while this was disabled is not lost
            thread = new Thread(Receive) { IsBackground = true, Name = "Avatar Stream" };
            thread.Start();
        }

        // Also called when Play ends. What is left open here freezes the editor at the next Play
        // (netmq#526, netmq#684): first the socket, by its own thread, then NetMQ's own threads.
        void OnDisable()
        {
            stopping = true;
            thread.Join();
            // For all of NetMQ: if other scripts use it, leave this to the one that ends last.
            if (--running == 0) NetMQConfig.Cleanup(false);
        }

        void OnDestroy()
        {
            if (Texture != null) Destroy(Texture);
        }

        void Update()
        {
            Picture picture = Interlocked.Exchange(ref newest, null);
            if (picture != null) Show(picture);
            if (Time.unscaledTime < statusTime) return;
            statusTime = Time.unscaledTime + 1;
            status = Shown == null
                ? "waiting for " + address
                : $"age {AgeMs:F0} ms, {Received} received, {Lost} lost, {Refused} refused"
                    + (SourceLost ? ", the camera is away" : "");
        }

        void Show(Picture picture)
        {
            AvatarPacket packet = picture.Packet;
            if (packet.Codec == Codec.Jpeg)
            {
                bool decoded = Texture.LoadImage(picture.Bytes); // resizes the texture, uploads it
                if (!decoded || Texture.width != packet.Width || Texture.height != packet.Height)
                {
                    Undecodable++;
                    return;
                }
            }
            else
            {
                if (Texture.width != packet.Width || Texture.height != packet.Height
                    || Texture.format != TextureFormat.RGB24)
                    Texture.Reinitialize(packet.Width, packet.Height, TextureFormat.RGB24, false);
                Texture.LoadRawTextureData(picture.Bytes);
                Texture.Apply(false);
            }
            Shown = packet;
        }

        // From here on: the thread. It takes in every message at once, so that none grows old in a
        // queue, and leaves only the newest for Update.
        void Receive()
        {
            try
            {
                using (var socket = new SubscriberSocket())
                {
                    socket.Options.MaxMsgSize = AvatarHeader.MaxPayloadBytes + 4096;
                    socket.Options.TcpKeepalive = true; // a publisher may lose its power
                    socket.Connect(address); // and again by itself, whenever the connection is lost
                    socket.Subscribe("avatar/" + stream);
                    List<byte[]> parts = null;
                    var patience = TimeSpan.FromMilliseconds(100);
                    while (!stopping)
                        if (socket.TryReceiveMultipartBytes(patience, ref parts)) Take(parts);
                }
            }
            catch (Exception error)
            {
                Debug.LogException(error, this);
            }
        }

        void Take(List<byte[]> parts)
        {
            if (!AvatarHeader.TryParse(parts, out AvatarPacket packet, out string _))
            {
                Refused++;
                return;
            }
            if (packet.Topic != "avatar/" + stream) return; // ZeroMQ matches the beginning only
            if (last != null && last.StreamId != packet.StreamId) Restarts++;
            else if (last != null) Lost += AvatarHeader.SeqGap(last.Seq, packet.Seq);
            last = packet;
            Interlocked.Exchange(ref newest, new Picture { Packet = packet, Bytes = Upload(packet) });
            Received++;
        }

        /// <summary>What the texture takes: a JPEG file, or rows from the bottom up.</summary>
        static byte[] Upload(AvatarPacket packet)
        {
            ArraySegment<byte> payload = packet.Payload;
            bool flip = packet.Codec == Codec.Raw;
            if (!flip && payload.Count == payload.Array.Length) return payload.Array;
            var bytes = new byte[payload.Count];
            int row = flip ? packet.Width * 3 : payload.Count;
            for (int from = 0; from < payload.Count; from += row)
            {
                int to = payload.Count - row - from;
                Buffer.BlockCopy(payload.Array, payload.Offset + from, bytes, to, row);
            }
            return bytes;
        }

        static double UnixUs() => (DateTime.UtcNow - new DateTime(1970, 1, 1)).Ticks / 10.0;
    }
}
