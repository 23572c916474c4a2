// What AvatarStream.cs uses of NetMQ 4.0, with a socket that receives what the test puts into
// SubscriberSocket.Inbox, and complains where NetMQ would freeze Unity.

using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;

namespace AsyncIO
{
    public static class ForceDotNet
    {
        public static bool Forced;

        public static void Force() => Forced = true;
    }
}

namespace NetMQ
{
    public interface IReceivingSocket { }

    public class SocketOptions
    {
        public long MaxMsgSize { get; set; }
        public bool TcpKeepalive { get; set; }
    }

    public static class NetMQConfig
    {
        public static int Cleanups;

        public static void Cleanup(bool block = true)
        {
            if (block) throw new Exception("Cleanup would wait");
            if (Sockets.SubscriberSocket.Open != 0) throw new Exception("a socket is still open");
            Cleanups++;
        }
    }

    public static class ReceivingSocketExtensions
    {
        public static bool TryReceiveMultipartBytes(
            this IReceivingSocket socket, TimeSpan timeout, ref List<byte[]> frames,
            int expectedFrameCount = 4)
        {
            return ((Sockets.SubscriberSocket)socket).TryReceive(timeout, ref frames);
        }
    }
}

namespace NetMQ.Sockets
{
    public class SubscriberSocket : IReceivingSocket, IDisposable
    {
        public static readonly BlockingCollection<List<byte[]>> Inbox =
            new BlockingCollection<List<byte[]>>();
        public static int Open;
        /// <summary>How often a message was asked for when there was none: all others are used.</summary>
        public static volatile int Idle;
        public static string Address, Topic;

        readonly Thread owner = Thread.CurrentThread;

        public SubscriberSocket(string connectionString = null)
        {
            if (!AsyncIO.ForceDotNet.Forced) throw new Exception("ForceDotNet comes first");
            Interlocked.Increment(ref Open);
        }

        public SocketOptions Options { get; } = new SocketOptions();

        public void Connect(string address) => Address = address;

        public void Subscribe(string topic) => Topic = topic;

        public void Dispose()
        {
            CheckThread();
            Interlocked.Decrement(ref Open);
        }

        internal bool TryReceive(TimeSpan timeout, ref List<byte[]> frames)
        {
            CheckThread();
            if (Inbox.Count == 0) Idle++;
            return Inbox.TryTake(out frames, timeout);
        }

        void CheckThread()
        {
            if (Thread.CurrentThread != owner) throw new Exception("a socket is for one thread");
        }
    }
}
